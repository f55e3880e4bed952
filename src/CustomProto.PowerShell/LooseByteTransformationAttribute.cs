using System.Management.Automation;

namespace CustomProto.PowerShell;

/// <summary>Has a single byte bind as one of many, where another parameter would take it for the text of a number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LooseByteTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is byte single ? new[] { single } : inputData;
}

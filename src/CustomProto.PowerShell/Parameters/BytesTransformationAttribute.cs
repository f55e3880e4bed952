using System.Management.Automation;
using System.Text;

namespace CustomProto.PowerShell.Parameters;

/// <summary>Lets a parameter of bytes take a text, too, which stands for its UTF-8.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BytesTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text ? Encoding.UTF8.GetBytes(text) : inputData;
}

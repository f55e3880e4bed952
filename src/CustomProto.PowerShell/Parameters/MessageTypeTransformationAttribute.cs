using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Parameters;

/// <summary>
/// Lets a parameter take a message type as 0 to 255, also as text and in hexadecimal, or by name.
/// </summary>
/// <remarks>
/// The parameter is a byte and not a <see cref="MessageType"/>, because PowerShell binds only values that an enumeration defines, and
/// completes nothing but their names.
/// </remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MessageTypeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable many and not string ? many.Cast<object>().Select(ToByte).ToArray() : ToByte(value);
    }

    /// <summary>A type of the value that a user gave for it.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">It is none.</exception>
    internal static byte ToByte(object? value)
    {
        value = value is PSObject wrapped ? wrapped.BaseObject : value;
        if (value is MessageType type)
        {
            return (byte)type;
        }

        var text = Convert.ToString(value, CultureInfo.InvariantCulture)?.Trim() ?? "";
        if (TryParse(text, out var number))
        {
            return number;
        }

        return MessageTypeNames.All.TryGetValue(text, out var named)
            ? (byte)named
            : throw new ArgumentTransformationMetadataException(
                $"'{text}' is not a message type. Give a number from 0 to 255, or a name: {string.Join(", ", MessageTypeNames.All.Keys)}.");
    }

    static bool TryParse(string text, out byte number) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? byte.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

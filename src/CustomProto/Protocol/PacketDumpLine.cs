using System.Globalization;
using System.Text;

namespace CustomProto.Protocol;

/// <summary>Some bytes of a packet, and what they are.</summary>
/// <param name="Offset">Where they begin.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="Field">The field's name, with the header's before it.</param>
/// <param name="Value">What the bytes say; nothing in it does anything to a terminal.</param>
public sealed record PacketDumpLine(int Offset, byte[] Bytes, string Field, string Value)
{
    /// <summary>How many bytes fit into a line.</summary>
    internal const int Width = 16;

    /// <summary>Offset, bytes, field and value; a second line and more where there are too many bytes for one.</summary>
    public override string ToString()
    {
        const int FieldWidth = 26;
        var text = new StringBuilder();
        for (var at = 0; at < Math.Max(1, Bytes.Length); at += Width)
        {
            var row = Bytes.AsSpan(at, Math.Min(Width, Bytes.Length - at));
            var hex = string.Join(' ', Convert.ToHexStringLower(row).Chunk(2).Select(pair => new string(pair)));
            var line = string.Create(CultureInfo.InvariantCulture, $"{Offset + at:x4}  {hex.PadRight((3 * Width) - 1)}  ");
            text.Append(at == 0 ? $"{line}{Field.PadRight(FieldWidth)} {Value}".TrimEnd() : $"{Environment.NewLine}{line.TrimEnd()}");
        }

        return text.ToString();
    }
}

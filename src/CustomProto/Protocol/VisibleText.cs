using System.Globalization;
using System.Text;

namespace CustomProto.Protocol;

/// <summary>Bytes from the network as text that does nothing to a terminal.</summary>
static class VisibleText
{
    const int ControlPictures = 0x2400;
    const int DeletePicture = 0x2421;

    /// <summary>
    /// Decodes UTF-8. Control characters become their pictures (U+2400 block) or <c>\u{…}</c>, as do characters that reorder, join or
    /// hide text (categories Cf, Zl, Zp and the like); bytes that aren't UTF-8 become U+FFFD.
    /// </summary>
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            // Invalid sequences yield U+FFFD and the number of bytes to pass over.
            Rune.DecodeFromUtf8(bytes, out var rune, out var consumed);
            bytes = bytes[consumed..];
            Append(text, rune);
        }

        return text.ToString();
    }

    static void Append(StringBuilder text, Rune rune)
    {
        switch (rune.Value)
        {
            case < 0x20:
                text.Append((char)(ControlPictures + rune.Value));
                return;
            case 0x7f:
                text.Append((char)DeletePicture);
                return;
            case < 0x7f:
                text.Append((char)rune.Value);
                return;
        }

        if (IsIgnorable(rune.Value))
        {
            AppendEscape(text, rune);
            return;
        }

        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.Control:
            case UnicodeCategory.Format:
            case UnicodeCategory.LineSeparator:
            case UnicodeCategory.ParagraphSeparator:
            case UnicodeCategory.PrivateUse:
            case UnicodeCategory.OtherNotAssigned:
                AppendEscape(text, rune);
                return;
            default:
                text.Append(rune.ToString());
                return;
        }
    }

    static void AppendEscape(StringBuilder text, Rune rune) => text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");

    /// <summary>Letters and marks that are drawn as nothing: Default_Ignorable_Code_Point of Unicode, without what has category Cf.</summary>
    static bool IsIgnorable(int value) => value is
        0x034f or 0x115f or 0x1160 or 0x17b4 or 0x17b5 or 0x3164 or 0xffa0
        or (>= 0x180b and <= 0x180f) or (>= 0xfe00 and <= 0xfe0f) or (>= 0xe0100 and <= 0xe01ef);
}

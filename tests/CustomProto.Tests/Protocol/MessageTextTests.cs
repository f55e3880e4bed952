using System.Globalization;
using System.Text;
using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

/// <summary>Text is printed on terminals: whatever the bytes, nothing in it may move a cursor, reorder or hide other text.</summary>
public sealed class MessageTextTests
{
    const int RandomTexts = 20_000;

    static readonly UnicodeCategory[] s_neverShown =
    [
        UnicodeCategory.Control,
        UnicodeCategory.Format,
        UnicodeCategory.LineSeparator,
        UnicodeCategory.ParagraphSeparator,
        UnicodeCategory.Surrogate,
        UnicodeCategory.PrivateUse,
        UnicodeCategory.OtherNotAssigned,
    ];

    [Theory]
    [InlineData("Hello World", "Hello World")]
    [InlineData("Grüße, 世界 🙂", "Grüße, 世界 🙂")]
    [InlineData("", "")]
    public void Ordinary_text_is_itself(string text, string expected) => Assert.Equal(expected, Show(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_combining_mark_stays_with_its_letter() => Assert.Equal("e\u0301", Show("e\u0301"u8.ToArray()));

    [Theory]
    [InlineData("1b5b324a", "␛[2J")] // clears the screen
    [InlineData("1b5d303b7a07", "␛]0;z␇")] // sets the title
    [InlineData("00", "␀")]
    [InlineData("0d0a09", "␍␊␉")]
    [InlineData("1f", "␟")]
    [InlineData("7f", "␡")]
    public void Control_characters_become_their_pictures(string bytes, string expected) => Assert.Equal(expected, Show(Convert.FromHexString(bytes)));

    [Theory]
    [InlineData("\u0085", "85")] // next line
    [InlineData("\u009b", "9B")] // CSI in one character
    [InlineData("\u00ad", "AD")] // soft hyphen
    [InlineData("\u061c", "61C")] // Arabic letter mark
    [InlineData("\u200b", "200B")] // zero-width space
    [InlineData("\u200d", "200D")] // zero-width joiner
    [InlineData("\u200e", "200E")] // left-to-right mark
    [InlineData("\u2028", "2028")] // line separator
    [InlineData("\u2029", "2029")] // paragraph separator
    [InlineData("\u202a", "202A")] // bidirectional embedding
    [InlineData("\u202e", "202E")] // right-to-left override
    [InlineData("\u2066", "2066")] // isolate
    [InlineData("\ufeff", "FEFF")] // byte order mark
    [InlineData("\ue000", "E000")] // private use
    [InlineData("\uffff", "FFFF")] // no character
    [InlineData("\U000e0041", "E0041")] // tag: invisible text
    [InlineData("\U0010ffff", "10FFFF")]
    public void What_reorders_joins_or_hides_becomes_its_number(string text, string number) =>
        Assert.Equal($"a\\u{{{number}}}b", Show(Encoding.UTF8.GetBytes($"a{text}b")));

    [Theory]
    [InlineData("80", "\ufffd")] // a continuation without a start; a C1 control in 8-bit terminals
    [InlineData("9b324a", "\ufffd2J")]
    [InlineData("c3", "\ufffd")] // cut
    [InlineData("e28261", "\ufffda")]
    [InlineData("c080", "\ufffd\ufffd")] // zero in two bytes
    [InlineData("c09b", "\ufffd\ufffd")] // ESC in two bytes
    [InlineData("eda080", "\ufffd\ufffd\ufffd")] // half a surrogate pair
    [InlineData("eda081edb080", "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")] // a pair, as CESU-8 has it
    [InlineData("f4908080", "\ufffd\ufffd\ufffd\ufffd")] // past the last code point
    [InlineData("ff41", "\ufffdA")]
    public void Bytes_that_are_not_UTF8_become_replacement_characters(string bytes, string expected) => Assert.Equal(expected, Show(Convert.FromHexString(bytes)));

    [Fact]
    public void No_two_bytes_show_as_a_character_that_does_something()
    {
        var bytes = new byte[2];
        for (var value = 0; value <= ushort.MaxValue; value++)
        {
            (bytes[0], bytes[1]) = ((byte)(value >> 8), (byte)value);
            AssertHarmless(bytes);
        }
    }

    [Fact]
    public void No_code_point_shows_as_a_character_that_does_something()
    {
        const int Together = 256;
        var bytes = new byte[Together * 4];
        for (var first = 0; first <= 0x10ffff; first += Together)
        {
            var length = 0;
            for (var value = first; value < first + Together; value++)
            {
                length += Rune.TryCreate(value, out var rune) ? rune.EncodeToUtf8(bytes.AsSpan(length)) : 0;
            }

            AssertHarmless(bytes.AsSpan(0, length));
        }
    }

    [Fact]
    public void No_random_bytes_show_as_a_character_that_does_something()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);

        // Bytes that start, continue and end sequences are more likely than in plain noise.
        byte[] seasoning = [0x1b, 0x9b, 0x80, 0xbf, 0xc2, 0xe2, 0x80, 0xed, 0xa0, 0xf0, 0xf3, 0xf4, 0x8f, 0xff];
        for (var i = 0; i < RandomTexts; i++)
        {
            var bytes = new byte[random.Next(24)];
            random.NextBytes(bytes);
            for (var at = 0; at < bytes.Length; at++)
            {
                bytes[at] = random.Next(2) == 0 ? bytes[at] : seasoning[random.Next(seasoning.Length)];
            }

            AssertHarmless(bytes, $"seed {seed}, text {i}");
        }
    }

    static void AssertHarmless(ReadOnlySpan<byte> bytes, string origin = "")
    {
        var text = VisibleText.Decode(bytes);
        for (var at = 0; at < text.Length; at++)
        {
            // A lone half of a surrogate pair has the category Surrogate here.
            var category = CharUnicodeInfo.GetUnicodeCategory(text, at);
            if (s_neverShown.Contains(category))
            {
                Assert.Fail($"{Convert.ToHexString(bytes)} shows a character of category {category} at {at} {origin}");
            }

            at += char.IsSurrogatePair(text, at) ? 1 : 0;
        }
    }

    static string Show(byte[] data) => CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, data).Text;
}

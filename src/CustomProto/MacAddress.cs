using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CustomProto;

/// <summary>An IEEE 802 MAC address of 48 bits. Its text form is six lower-case hexadecimal pairs with colons.</summary>
public readonly record struct MacAddress : ISpanParsable<MacAddress>
{
    /// <summary>The length of an address in bytes.</summary>
    public const int Length = 6;

    readonly ulong _bits;

    /// <summary>Takes an address from six bytes in the order they have on the wire.</summary>
    /// <exception cref="ArgumentException">There are not exactly six bytes.</exception>
    public MacAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"A MAC address has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _bits = ((ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes) << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[sizeof(uint)..]);
    }

    /// <summary>Whether the address is a group address (multicast or broadcast; the lowest bit of the first byte).</summary>
    public bool IsMulticast => (_bits >> 40 & 1) != 0;

    /// <summary>Whether all bits are zero, as on interfaces without link-layer addresses.</summary>
    public bool IsZero => _bits == 0;

    /// <summary>Writes the six bytes in wire order.</summary>
    public void CopyTo(Span<byte> destination)
    {
        for (var i = 0; i < Length; i++)
        {
            destination[i] = (byte)(_bits >> (8 * (Length - 1 - i)));
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}");
    }

    /// <summary>Reads an address; the pairs are separated by colons or by hyphens.</summary>
    /// <exception cref="FormatException">The text is not a MAC address.</exception>
    public static MacAddress Parse(string text) => Parse(text.AsSpan(), null);

    /// <inheritdoc/>
    public static MacAddress Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <inheritdoc/>
    public static MacAddress Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var address)
            ? address
            : throw new FormatException($"'{s}' is not a MAC address; write six hexadecimal pairs, such as 02:00:5e:10:00:01.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out MacAddress result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out MacAddress result)
    {
        const int TextLength = (Length * 3) - 1;
        result = default;
        if (s.Length != TextLength || s[2] is not (':' or '-'))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Length];
        for (var i = 0; i < Length; i++)
        {
            var pair = s.Slice(i * 3, 2);
            // Digits are looked at first because the parser takes a zero character at the end for nothing.
            if ((i > 0 && s[(i * 3) - 1] != s[2]) || !char.IsAsciiHexDigit(pair[1]) || !byte.TryParse(pair, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[i]))
            {
                return false;
            }
        }

        result = new MacAddress(bytes);
        return true;
    }
}

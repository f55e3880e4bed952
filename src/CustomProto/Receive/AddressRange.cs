using System.Globalization;
using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>The addresses that begin with the same bits, as <c>192.0.2.0/24</c> or <c>2001:db8::/32</c>; without a length, one address.</summary>
public readonly record struct AddressRange
{
    /// <summary>Makes a range.</summary>
    /// <param name="address">An address in it; what stands after the prefix doesn't matter.</param>
    /// <param name="prefixLength">How many bits count, from the first: 0 to 32, for IPv6 to 128.</param>
    /// <exception cref="CustomProtoException">The length isn't one.</exception>
    public AddressRange(InternetAddress address, int prefixLength)
    {
        var bits = Bits(address);
        if (prefixLength < 0 || prefixLength > bits)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "InvalidPrefixLength",
                $"'{address}/{prefixLength}' is no range of addresses: the prefix length of an {(address.IsIPv6 ? "IPv6" : "IPv4")} address is 0 to {bits}.",
                $"Give a length from 0 to {bits}, or the address alone.",
                prefixLength);
        }

        Address = address;
        PrefixLength = prefixLength;
    }

    /// <summary>An address of the range.</summary>
    public InternetAddress Address { get; }

    /// <summary>How many bits count.</summary>
    public int PrefixLength { get; }

    /// <summary>Reads <c>ADDRESS</c> or <c>ADDRESS/LENGTH</c>.</summary>
    /// <exception cref="CustomProtoException">The text is something else.</exception>
    public static AddressRange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? text : text[..slash];
        var length = 0;
        if (!TryParseAddress(host, out var address) || (slash >= 0 && !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length)))
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "InvalidAddress",
                $"'{text}' is no address and no range of addresses.",
                "Give an IPv4 or IPv6 address, alone or with a prefix length: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.",
                text);
        }

        return new AddressRange(address, slash < 0 ? Bits(address) : length);
    }

    /// <inheritdoc/>
    public override string ToString() => PrefixLength == Bits(Address) ? Address.ToString() : $"{Address}/{PrefixLength}";

    static int Bits(InternetAddress address) => address.IsIPv6 ? 128 : 32;

    static bool TryParseAddress(string text, out InternetAddress address)
    {
        // A bare number and a scope would be read, too, but nobody means 0.0.0.5 by 5, and packets have no scope.
        var isAddress = text.AsSpan().ContainsAny('.', ':') && !text.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(text, out _);
        address = isAddress ? InternetAddress.From(IPAddress.Parse(text)) : default;
        return isAddress;
    }
}

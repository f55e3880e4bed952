using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace CustomProto.Protocol;

/// <summary>An IPv4 or IPv6 address as plain bits, so that a message holds it without an object; no scope id.</summary>
/// <param name="Bits">The address as a number: 32 bits of it for IPv4.</param>
/// <param name="IsIPv6">Whether it is an IPv6 address.</param>
public readonly record struct InternetAddress(UInt128 Bits, bool IsIPv6)
{
    /// <summary>Takes over an address of the base library.</summary>
    public static InternetAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return From(address.GetAddressBytes(), address.AddressFamily == AddressFamily.InterNetworkV6);
    }

    /// <summary>Takes an address from its bytes in network order: 4 are read for IPv4, 16 for IPv6.</summary>
    public static InternetAddress From(ReadOnlySpan<byte> bytes, bool isIPv6) =>
        new(isIPv6 ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes), isIPv6);

    /// <summary>The address as an object of the base library.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);
        return new IPAddress(IsIPv6 ? bytes : bytes[12..]);
    }

    /// <inheritdoc/>
    public override string ToString() => ToIPAddress().ToString();
}

using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>What a route does with packets (RTN_*, include/uapi/linux/rtnetlink.h).</summary>
public enum RouteKind : byte
{
    /// <summary>Not said.</summary>
    Unspecified,

    /// <summary>Sends them to a gateway or to the destination itself.</summary>
    Unicast,

    /// <summary>Hands them to this host: the destination is one of its own addresses.</summary>
    Local,

    /// <summary>Sends them to all hosts on the link.</summary>
    Broadcast,

    /// <summary>Hands them to this host as one of several (IPv6 anycast).</summary>
    Anycast,

    /// <summary>Sends them to a group.</summary>
    Multicast,

    /// <summary>Drops them.</summary>
    Blackhole,

    /// <summary>Drops them and says "unreachable".</summary>
    Unreachable,

    /// <summary>Drops them and says "prohibited".</summary>
    Prohibit,

    /// <summary>Looks in the next table.</summary>
    Throw,

    /// <summary>Translates addresses; Linux doesn't do it any more.</summary>
    Nat,
}

/// <summary>How the kernel would send to one destination at the moment of the question (RTM_NEWROUTE in answer to RTM_GETROUTE).</summary>
public sealed record Route
{
    /// <summary>The destination that was asked for.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The interface that packets leave by; for an address of this host it is loopback.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>What the route does.</summary>
    public RouteKind Kind { get; init; }

    /// <summary>
    /// The router that packets go to first, if the destination isn't on the link. It can be an IPv6 address for an IPv4 destination
    /// (RFC 5549); a link-local one has the interface as its scope.
    /// </summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The source address that packets get: the one asked for, or the kernel's choice.</summary>
    public IPAddress? PreferredSource { get; init; }

    /// <summary>The route's own MTU in bytes (RTAX_MTU), set by hand or learned from the path; without it the interface's holds.</summary>
    public int? Mtu { get; init; }

    /// <summary>Whose link-layer address packets are sent to.</summary>
    public IPAddress NextHop => Gateway ?? Destination;

    /// <summary>Reads the body of an RTM_NEWROUTE message.</summary>
    /// <param name="body">The body.</param>
    /// <param name="destination">The destination asked for.</param>
    /// <param name="source">The source asked for; the kernel doesn't repeat it.</param>
    internal static Route Parse(ReadOnlySpan<byte> body, IPAddress destination, IPAddress? source)
    {
        var header = NetlinkMessageReader.ReadHeader<RouteMessage>(body, out var attributes);
        var index = ReadInterfaceIndex(attributes);
        IPAddress? gateway = null;
        int? mtu = null;
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RTA_GATEWAY:
                    gateway = attributes.ReadAddress(index);
                    break;
                case RTA_VIA:
                    gateway = ReadVia(attributes.Value, index);
                    break;
                case RTA_PREFSRC:
                    source = attributes.ReadAddress(index);
                    break;
                case RTA_METRICS:
                    mtu = ReadMtu(attributes.Nested());
                    break;
            }
        }

        return new Route
        {
            Destination = destination,
            InterfaceIndex = index,
            Kind = (RouteKind)header.Kind,
            Gateway = gateway,
            PreferredSource = source,
            Mtu = mtu,
        };
    }

    /// <summary>Looks for the interface first: link-local addresses in any attribute get it as their scope.</summary>
    static int ReadInterfaceIndex(NetlinkAttributeReader attributes)
    {
        while (attributes.MoveNext())
        {
            if (attributes.Type == RTA_OIF)
            {
                return attributes.Read<int>();
            }
        }

        throw NetlinkMessageReader.Malformed("a route names no interface");
    }

    /// <summary>Reads <c>struct rtvia</c>: the address family, then the address.</summary>
    static IPAddress ReadVia(ReadOnlySpan<byte> value, int index)
    {
        if (!MemoryMarshal.TryRead(value, out ushort family))
        {
            throw NetlinkMessageReader.Malformed("a gateway is cut off");
        }

        var address = NetlinkAttributeReader.ToAddress(value[sizeof(ushort)..], index);
        return (family, address.AddressFamily)
            is (Libc.AF_INET, AddressFamily.InterNetwork) or (Libc.AF_INET6, AddressFamily.InterNetworkV6)
            ? address
            : throw NetlinkMessageReader.Malformed($"a gateway of family {family} has {value.Length - sizeof(ushort)} bytes");
    }

    static int? ReadMtu(NetlinkAttributeReader attributes)
    {
        while (attributes.MoveNext())
        {
            if (attributes.Type == RTAX_MTU)
            {
                return attributes.Read<int>() is var mtu and > 0 ? mtu : null;
            }
        }

        return null;
    }
}

using System.Net;
using System.Net.Sockets;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>The way that packets take, found out once before the first: the interface, the source address, the next hop, the MTU.</summary>
sealed record PacketPath
{
    /// <summary>The interface that packets leave by.</summary>
    internal required NetworkLink Link { get; init; }

    /// <summary>The receiver; a link-local one has the interface as its scope.</summary>
    internal required IPAddress Destination { get; init; }

    /// <summary>The source address that was asked for or that the route prefers.</summary>
    internal required IPAddress Source { get; init; }

    /// <summary>Whether the source address isn't one of this host's.</summary>
    internal required bool IsSourceForeign { get; init; }

    /// <summary>Whose MAC address packets carry: a router's or the receiver's.</summary>
    internal required IPAddress NextHop { get; init; }

    /// <summary>Whether the receiver is this host.</summary>
    internal required bool IsLocal { get; init; }

    /// <summary>Whether the receiver is all hosts on a link.</summary>
    internal required bool IsBroadcast { get; init; }

    /// <summary>Whether the receiver is a multicast group.</summary>
    internal bool IsMulticast => IsMulticastAddress(Destination);

    /// <summary>The route's own MTU, if it has one.</summary>
    internal required int? RouteMtu { get; init; }

    /// <summary>Whether packets are IPv6.</summary>
    internal bool IsIPv6 => Destination.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The receiver and the interface, for messages.</summary>
    internal string Description => $"{Destination} over '{Link.Name}'";

    /// <summary>How much data fits.</summary>
    /// <param name="protocolHeaderSize">The length of the protocol's header.</param>
    /// <param name="unprovidedTagBytes">How many bytes of VLAN tags the transport takes off the interface's MTU.</param>
    internal PacketLimits LimitsFor(int protocolHeaderSize, int unprovidedTagBytes)
    {
        var linkMtu = Link.Mtu - unprovidedTagBytes;
        if (RouteMtu < linkMtu)
        {
            var advice = $"look at the route's MTU (ip route get {Destination})";
            return new PacketLimits(IsIPv6, protocolHeaderSize, RouteMtu.Value, $"the route to {Destination}", advice);
        }

        var carrier = unprovidedTagBytes == 0 ? $"'{Link.Name}'" : $"'{Link.Name}' with these VLAN tags";
        var hint = $"raise the MTU (ip link set dev {Link.Name} mtu BYTES, at every hop)";
        return new PacketLimits(IsIPv6, protocolHeaderSize, linkMtu, carrier, hint);
    }

    /// <summary>Finds the path in the calling thread's network namespace.</summary>
    /// <param name="options">Options that were checked.</param>
    /// <exception cref="CustomProtoException">There is no way, or the interface is down.</exception>
    internal static PacketPath Find(SendOptions options)
    {
        var destination = options.Destination;
        var given = FindGivenLink(options);
        var foreign = options.SourceAddress is { } asked && !IsOwn(asked, given);
        var route = FindRoute(options, given, foreign ? null : options.SourceAddress);
        var local = route?.Kind is RouteKind.Local or RouteKind.Anycast;
        if (local && given is { IsLoopback: false } && !SendOptionsCheck.IsLinkScoped(destination))
        {
            // A frame with a receiver's MAC address leaves by the interface all the same, as in a loop through a switch.
            local = options.DestinationMac is null ? throw LocalDestination(destination, given) : false;
        }

        var link = given is not null && !local ? given : NetworkLinks.Get(route!.InterfaceIndex);
        CheckUsable(link);
        return new PacketPath
        {
            Link = link,
            Destination = WithScope(destination, given ?? link),
            Source = WithScope(options.SourceAddress ?? route?.PreferredSource ?? throw NoSource(destination, link), given ?? link),
            IsSourceForeign = foreign,
            NextHop = route?.NextHop ?? destination,
            IsLocal = local,
            IsBroadcast = route?.Kind == RouteKind.Broadcast || destination.Equals(IPAddress.Broadcast),
            RouteMtu = route?.Mtu,
        };
    }

    static NetworkLink? FindGivenLink(SendOptions options)
    {
        var scope = options.Destination.AddressFamily == AddressFamily.InterNetworkV6 ? options.Destination.ScopeId : 0;
        if (options.Interface is not { } name)
        {
            return scope == 0 ? null : CheckUsable(NetworkLinks.Get(unchecked((int)scope)));
        }

        var link = NetworkLinks.Get(name);
        if (scope != 0 && scope != link.Index)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "InterfaceMismatch",
                $"The scope of {options.Destination} is another interface than '{name}' (index {link.Index}).",
                "Leave out one of the two.",
                options.Destination);
        }

        return CheckUsable(link);
    }

    static IPAddress WithScope(IPAddress address, NetworkLink link) =>
        address.IsIPv6LinkLocal && address.ScopeId == 0 ? new IPAddress(address.GetAddressBytes(), link.Index) : address;

    /// <summary>Whether an address is one of this host's.</summary>
    static bool IsOwn(IPAddress address, NetworkLink? link)
    {
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || IsMulticastAddress(address))
        {
            return false;
        }

        try
        {
            // The interface matters for link-local addresses alone: an address of another interface is this host's, too.
            var index = SendOptionsCheck.IsLinkScoped(address) && address.ScopeId == 0 ? link?.Index : null;
            return Routes.Find(address, null, index).Kind is RouteKind.Local or RouteKind.Anycast;
        }
        catch (CustomProtoException exception) when (exception.Kind == FailureKind.Unreachable)
        {
            return false;
        }
    }

    static Route? FindRoute(SendOptions options, NetworkLink? given, IPAddress? ownSource)
    {
        try
        {
            return Routes.Find(options.Destination, ownSource, given?.Index);
        }
        catch (CustomProtoException exception) when (
            exception.Kind == FailureKind.Unreachable && given is not null
            && options is { DestinationMac: not null, SourceAddress: not null })
        {
            // Interface and addresses of the frame are all settled: there is nothing left that a route would tell.
            return null;
        }
    }

    static NetworkLink CheckUsable(NetworkLink link)
    {
        if (!link.IsUp)
        {
            throw new CustomProtoException(
                FailureKind.Unreachable,
                "InterfaceDown",
                $"The interface '{link.Name}' is down, so nothing can be sent over it.",
                $"Switch it on: ip link set dev {link.Name} up.",
                link.Name);
        }

        // The kernel would take packets and drop them without a word, also in the moment before a new carrier has its queue.
        return link.IsRunning ? link : throw new CustomProtoException(
            FailureKind.Unreachable,
            "NoCarrier",
            $"The interface '{link.Name}' has no carrier, so nothing can be sent over it.",
            "Plug in the cable, or switch on the other end (of a veth pair, with ip link set dev PEER up).",
            link.Name);
    }

    static bool IsMulticastAddress(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.IsIPv6Multicast
        : (address.GetAddressBytes()[0] & 0xf0) == 0xe0;

    static CustomProtoException LocalDestination(IPAddress destination, NetworkLink link) => new(
        FailureKind.InvalidArgument,
        "DestinationIsLocal",
        $"{destination} is an address of this host: packets to it go over 'lo', not over '{link.Name}'.",
        "Leave out the interface, or give -DestinationMac to have frames leave by it all the same.",
        destination);

    static CustomProtoException NoSource(IPAddress destination, NetworkLink link) => new(
        FailureKind.Unreachable,
        "NoSourceAddress",
        $"No address of this host can be the source of packets to {destination} over '{link.Name}'.",
        $"Add one (ip address add ADDRESS/PREFIX dev {link.Name}), or give -SourceAddress.",
        destination);
}

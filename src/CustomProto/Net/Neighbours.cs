using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CustomProto.Net;

/// <summary>Link-layer addresses of neighbours, in the calling thread's network namespace (rtnetlink).</summary>
public static class Neighbours
{
    /// <summary>How long the kernel itself asks before it gives up, as it is set by default: three times with a second between.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Finds out the MAC address that packets to a next hop have to carry.</summary>
    /// <param name="link">The interface that they leave by.</param>
    /// <param name="nextHop">The router or the host on the link, <see cref="Route.NextHop"/>.</param>
    /// <param name="timeout">How long to wait for an answer of the neighbour's, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The neighbour's address; the group's address for a multicast next hop (RFC 1112, section 6.4; RFC 2464, section 7) and
    /// ff:ff:ff:ff:ff:ff for a broadcast one; zero on loopback. Never a broadcast address for a neighbour that isn't known.
    /// </returns>
    /// <remarks>
    /// <para>An address that the kernel has and would itself send to is taken at once, without privilege.</para>
    /// <para>
    /// Otherwise the kernel is told to ask for it (NTF_USE, which sends nothing but the ARP request or the neighbour
    /// solicitation), and the calling thread sleeps until the kernel tells of the outcome. That needs CAP_NET_ADMIN. Without the
    /// capability, and on an IPv6 interface without a link-local address, from which the kernel asks only on behalf of a packet,
    /// an empty UDP datagram to the discard port (9, RFC 863) of the next hop makes it ask instead.
    /// </para>
    /// </remarks>
    /// <exception cref="CustomProtoException">
    /// The neighbour doesn't answer (<see cref="FailureKind.Unreachable"/>, NeighbourUnresolved); the interface is down
    /// (<see cref="FailureKind.Unreachable"/>, InterfaceDown), gone (<see cref="FailureKind.Gone"/>, InterfaceGone) or
    /// without Ethernet headers (<see cref="FailureKind.Unsupported"/>, NoEthernetHeader).
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static MacAddress Resolve(
        NetworkLink link, IPAddress nextHop, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(nextHop);
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A time-out isn't negative.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        nextHop = Routes.Unmap(nextHop);
        if (link.IsLoopback)
        {
            return default;
        }

        if (!link.HasEthernetHeader)
        {
            throw new CustomProtoException(
                FailureKind.Unsupported,
                "NoEthernetHeader",
                string.Create(
                    CultureInfo.InvariantCulture, $"Packets on '{link.Name}' have no Ethernet header (hardware type {link.HardwareType})."),
                "Use an Ethernet interface; ip -brief link lists them.",
                link.Name);
        }

        if (MapGroup(nextHop) is { } group)
        {
            return group;
        }

        using var resolution = new NeighbourResolution(link, nextHop);
        return resolution.Query()?.UsableAddress ?? resolution.Resolve(timeout, cancellationToken);
    }

    /// <summary>The same without asking anybody: what the kernel knows by now.</summary>
    /// <returns><see langword="null"/> where it would have to ask.</returns>
    internal static MacAddress? Find(NetworkLink link, IPAddress nextHop)
    {
        if (link.IsLoopback)
        {
            return default(MacAddress);
        }

        using var resolution = new NeighbourResolution(link, nextHop);
        return MapGroup(nextHop) ?? resolution.Query()?.UsableAddress;
    }

    /// <summary>The MAC address that stands for a multicast or the limited broadcast address; nobody has to be asked for it.</summary>
    internal static MacAddress? MapGroup(IPAddress address)
    {
        Span<byte> ip = stackalloc byte[16];
        address.TryWriteBytes(ip, out var length);
        return address.AddressFamily switch
        {
            AddressFamily.InterNetworkV6 when address.IsIPv6Multicast
                => new MacAddress([0x33, 0x33, ip[length - 4], ip[length - 3], ip[length - 2], ip[length - 1]]),
            AddressFamily.InterNetwork when (ip[0] & 0xf0) == 0xe0
                => new MacAddress([0x01, 0x00, 0x5e, (byte)(ip[1] & 0x7f), ip[2], ip[3]]),
            AddressFamily.InterNetwork when address.Equals(IPAddress.Broadcast) => Broadcast,
            _ => null,
        };
    }

    /// <summary>The address of all stations.</summary>
    internal static MacAddress Broadcast => new([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

using System.Net;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>Where and how to send, decided before the kernel is touched. <see cref="Sender.Open"/> checks it.</summary>
public sealed partial record SendOptions
{
    /// <summary>
    /// The receiver's address. A link-local IPv6 address needs a scope or <see cref="Interface"/>; an IPv4-mapped one counts as IPv4.
    /// </summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The protocol.</summary>
    public ProtocolDefinition Protocol { get; init; } = ProtocolDefinition.Default;

    /// <summary>The UDP port to send to, 1 to 65,535; without it, the protocol's first.</summary>
    public int? DestinationPort { get; init; }

    /// <summary>The UDP port to send from, up to 65,535; 0 takes a free one and holds it until the sender is disposed of.</summary>
    public int SourcePort { get; init; }

    /// <summary>How to send.</summary>
    public Transport Transport { get; init; }

    /// <summary>The interface to send from; without it, the one that the route names.</summary>
    public string? Interface { get; init; }

    /// <summary>
    /// The address to send from; without it, the one that the route prefers. One that isn't this host's needs <see cref="Transport.Raw"/>.
    /// </summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>The MAC address to send to; without it, the next hop's. Needs <see cref="Transport.Raw"/>.</summary>
    public MacAddress? DestinationMac { get; init; }

    /// <summary>The MAC address to send from; without it, the interface's. Needs <see cref="Transport.Raw"/>.</summary>
    public MacAddress? SourceMac { get; init; }

    /// <summary>
    /// VLAN ids, 0 to 4,094, outer first: none, one (802.1Q), or two (802.1ad, then 802.1Q). They need <see cref="Transport.Raw"/>. The
    /// next hop is still asked for its MAC address without a tag; give <see cref="DestinationMac"/> where only the VLAN knows it.
    /// </summary>
    public IReadOnlyList<int> VlanId { get; init; } = [];

    /// <summary>The time to live or hop limit, 1 to 255; without it, the system's default (Raw: 64), and 1 to multicast groups.</summary>
    public int? Ttl { get; init; }

    /// <summary>The differentiated services code point, 0 to 63 (RFC 2474).</summary>
    public int Dscp { get; init; }

    /// <summary>What is deliberately different about the packets.</summary>
    public PacketCraft Craft { get; init; } = PacketCraft.None;

    /// <summary>
    /// How many threads send with <see cref="Transport.Xdp"/>, each on a CPU of its own, where a run is long or faster than 20,000 packets a
    /// second.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// Whether <see cref="Transport.Xdp"/> appends 16 bytes to the data of each packet: its sequence number, from 0 on, and CLOCK_MONOTONIC
    /// in nanoseconds when it was made, each as eight bytes in network byte order.
    /// </summary>
    public bool Stamp { get; init; } = true;

    /// <summary>
    /// From how many UDP ports <see cref="Transport.Xdp"/> sends in turn, beginning with the source port; the others aren't held.
    /// </summary>
    public int SourcePortCount { get; init; } = 1;

    /// <summary>The types that the packets of <see cref="Transport.Xdp"/> have in turn, at most 16; with none, that of the message.</summary>
    public IReadOnlyList<MessageType> TypeCycle { get; init; } = [];

    /// <summary>How long to wait for the next hop to tell its MAC address.</summary>
    public TimeSpan NeighbourTimeout { get; init; } = Neighbours.DefaultTimeout;
}

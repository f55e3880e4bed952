using System.Net;

namespace CustomProto.Send;

/// <summary>What the headers of a frame say that is made without a network; what isn't given is the message's own, or invented.</summary>
public sealed record FrameOptions
{
    /// <summary>The MAC address of the sender.</summary>
    public MacAddress? SourceMac { get; init; }

    /// <summary>The MAC address of the receiver.</summary>
    public MacAddress? DestinationMac { get; init; }

    /// <summary>VLAN ids, 0 to 4,094, outer first: none, one (802.1Q), or two (802.1ad, then 802.1Q).</summary>
    public IReadOnlyList<int>? VlanId { get; init; }

    /// <summary>The address of the sender.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>The address of the receiver, of the same family.</summary>
    public IPAddress? DestinationAddress { get; init; }

    /// <summary>The UDP port of the sender, up to 65,535.</summary>
    public int? SourcePort { get; init; }

    /// <summary>The UDP port of the receiver, up to 65,535.</summary>
    public int? DestinationPort { get; init; }

    /// <summary>The time to live or hop limit, 1 to 255; 64 if it isn't given.</summary>
    public int? Ttl { get; init; }

    /// <summary>The differentiated services code point, 0 to 63.</summary>
    public int Dscp { get; init; }

    /// <summary>The longest IP packet in bytes, beyond which <see cref="PacketCraft.Fragment"/> makes fragments.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>What is deliberately different.</summary>
    public PacketCraft Craft { get; init; } = PacketCraft.None;
}

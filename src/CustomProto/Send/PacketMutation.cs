namespace CustomProto.Send;

/// <summary>What a <see cref="PacketMutator"/> changed about a packet.</summary>
public enum PacketMutation
{
    /// <summary>Nothing: a packet to compare with.</summary>
    None,

    /// <summary>The value of the magic field.</summary>
    Magic,

    /// <summary>The value of the version field.</summary>
    Version,

    /// <summary>The value of the type field.</summary>
    Type,

    /// <summary>The value of the length field.</summary>
    Length,

    /// <summary>The value of a plain field.</summary>
    Field,

    /// <summary>Bytes of the data, or how many there are; all lengths go with it.</summary>
    Data,

    /// <summary>Bytes after the data.</summary>
    TrailingBytes,

    /// <summary>The UDP payload ends early; the IP and UDP lengths go with it.</summary>
    ShortPayload,

    /// <summary>The length in the UDP header.</summary>
    UdpLength,

    /// <summary>The UDP checksum.</summary>
    UdpChecksum,

    /// <summary>The source port.</summary>
    SourcePort,

    /// <summary>The length in the IP header.</summary>
    IPLength,

    /// <summary>The version in the IP header.</summary>
    IPVersion,

    /// <summary>The length of the IPv4 header.</summary>
    IPHeaderLength,

    /// <summary>The protocol or next header in the IP header.</summary>
    IPProtocol,

    /// <summary>The checksum of the IPv4 header.</summary>
    IPChecksum,

    /// <summary>The fragment bits of the IPv4 header, or an IPv6 fragment header, on a datagram that is whole.</summary>
    FragmentBits,

    /// <summary>The time to live, the hop limit or the traffic class.</summary>
    IPField,

    /// <summary>IPv4 options, or IPv6 extension headers.</summary>
    IPOption,

    /// <summary>More or other VLAN tags.</summary>
    VlanTags,

    /// <summary>The EtherType.</summary>
    EtherType,

    /// <summary>The frame ends early; no length goes with it.</summary>
    Truncation,

    /// <summary>The frame goes on after the packet.</summary>
    Padding,

    /// <summary>The datagram comes in fragments, not always all of them or in their order.</summary>
    Fragments,

    /// <summary>Single bits anywhere behind the MAC addresses, but in no address and no destination port.</summary>
    Bits,
}

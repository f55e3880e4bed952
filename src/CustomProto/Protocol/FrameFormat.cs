namespace CustomProto.Protocol;

/// <summary>Ethernet (IEEE 802.3, 802.1Q), IPv4 (RFC 791), IPv6 (RFC 8200) and UDP (RFC 768): the numbers that frames are made and read by.</summary>
static class FrameFormat
{
    internal const int EthernetHeaderLength = 14;
    internal const int VlanTagLength = 4;
    internal const int IPv4HeaderLength = 20;
    internal const int IPv6HeaderLength = 40;
    internal const int UdpHeaderLength = 8;

    /// <summary>An IPv6 fragment header; other extension headers are multiples of that.</summary>
    internal const int FragmentHeaderLength = 8;

    internal const int MaxVlanTags = 2;
    internal const ushort VlanIdMask = 0x0fff;

    internal const ushort EtherTypeIPv4 = 0x0800;
    internal const ushort EtherTypeIPv6 = 0x86dd;
    internal const ushort EtherTypeVlan = 0x8100;
    internal const ushort EtherTypeServiceVlan = 0x88a8;

    internal const byte HopByHopProtocol = 0;
    internal const byte UdpProtocol = 17;
    internal const byte RoutingProtocol = 43;
    internal const byte FragmentProtocol = 44;
    internal const byte DestinationOptionsProtocol = 60;

    internal const ushort IPv4DontFragment = 0x4000;
    internal const ushort IPv4MoreFragments = 0x2000;
    internal const ushort IPv4FragmentOffset = 0x1fff;
    internal const ushort IPv6MoreFragments = 0x0001;
    internal const ushort IPv6FragmentOffset = 0xfff8;

    /// <summary>Whether a frame's EtherType announces a VLAN tag.</summary>
    internal static bool IsVlan(ushort etherType) => etherType is EtherTypeVlan or EtherTypeServiceVlan;

    /// <summary>Whether an IPv6 next header is one that may stand before UDP.</summary>
    internal static bool IsExtension(int nextHeader) =>
        nextHeader is HopByHopProtocol or RoutingProtocol or DestinationOptionsProtocol or FragmentProtocol;
}

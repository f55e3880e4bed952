using System.Buffers.Binary;

namespace CustomProto.Protocol;

/// <summary>What a frame is to a receiver, as far as its headers tell.</summary>
enum FrameClass
{
    /// <summary>Not on the protocol's ports: nothing is counted.</summary>
    Foreign,

    /// <summary>A fragment after the first: it carries no port.</summary>
    LaterFragment,

    /// <summary>A UDP datagram on one of the ports.</summary>
    OnPort,
}

/// <summary>The first thing that keeps a frame from being a UDP datagram on one of the ports.</summary>
enum ForeignCause
{
    None,
    EthernetHeaderCut,
    VlanTagCut,
    TooManyVlanTags,
    EtherType,
    IPHeaderCut,
    IPVersion,
    IPv4HeaderLength,
    IPProtocol,
    ExtensionHeaders,
    IPLength,
    UdpHeaderCut,
    Port,
}

/// <summary>
/// Where the headers of a frame are, found in the same way, with the same limits and in the same order as bpf/parse.h does in the kernel.
/// </summary>
readonly record struct FrameOutline
{
    /// <summary>How many hop-by-hop, routing and destination-options headers are passed over.</summary>
    const int MaxExtensionHeaders = 8;

    /// <summary>What the frame is.</summary>
    internal FrameClass Class { get; init; }

    /// <summary>Why it is foreign, if it is.</summary>
    internal ForeignCause Cause { get; init; }

    internal int TagCount { get; init; }

    internal ushort OuterVlanId { get; init; }

    internal ushort InnerVlanId { get; init; }

    /// <summary>The EtherType behind the tags; 0 where the frame is cut before.</summary>
    internal ushort EtherType { get; init; }

    internal bool IsIPv6 => EtherType == FrameFormat.EtherTypeIPv6;

    internal int IPOffset { get; init; }

    /// <summary>Where the packet ends by its IP header; may be past the frame.</summary>
    internal int IPEnd { get; init; }

    /// <summary>Where the UDP header is, or what a later fragment has in its place.</summary>
    internal int UdpOffset { get; init; }

    /// <summary>Whether more fragments follow, and this is the first.</summary>
    internal bool IsFirstFragment { get; init; }

    /// <summary>The UDP length, as its header says.</summary>
    internal int UdpLength { get; init; }

    internal ushort UdpChecksum { get; init; }

    internal ushort SourcePort { get; init; }

    internal ushort DestinationPort { get; init; }

    internal int PayloadOffset => UdpOffset + FrameFormat.UdpHeaderLength;

    /// <summary>Finds the headers.</summary>
    /// <param name="frame">The frame, from the Ethernet header on.</param>
    /// <param name="ports">The protocol's ports; without them, any will do.</param>
    internal static FrameOutline Find(ReadOnlySpan<byte> frame, IReadOnlyList<int>? ports)
    {
        var outline = FindEthernet(frame);
        outline = outline.EtherType switch
        {
            _ when outline.Cause != ForeignCause.None => outline,
            FrameFormat.EtherTypeIPv4 => outline.FindIPv4(frame),
            FrameFormat.EtherTypeIPv6 => outline.FindIPv6(frame),
            var etherType => outline.Foreign(FrameFormat.IsVlan(etherType) ? ForeignCause.TooManyVlanTags : ForeignCause.EtherType),
        };
        return outline.Class == FrameClass.OnPort ? outline.FindUdp(frame, ports) : outline;
    }

    static FrameOutline FindEthernet(ReadOnlySpan<byte> frame)
    {
        var offset = FrameFormat.EthernetHeaderLength;
        if (frame.Length < offset)
        {
            return default(FrameOutline).Foreign(ForeignCause.EthernetHeaderCut);
        }

        var outline = default(FrameOutline);
        var etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(2 * MacAddress.Length)..]);
        while (outline.TagCount < FrameFormat.MaxVlanTags && FrameFormat.IsVlan(etherType))
        {
            if (frame.Length < offset + FrameFormat.VlanTagLength)
            {
                return outline.Foreign(ForeignCause.VlanTagCut);
            }

            var id = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[offset..]) & FrameFormat.VlanIdMask);
            outline = outline.TagCount == 0 ? outline with { OuterVlanId = id, TagCount = 1 } : outline with { InnerVlanId = id, TagCount = 2 };
            etherType = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
            offset += FrameFormat.VlanTagLength;
        }

        return outline with { EtherType = etherType, IPOffset = offset };
    }

    FrameOutline FindIPv4(ReadOnlySpan<byte> frame)
    {
        const int LeastHeaderWords = 5;
        if (frame.Length < IPOffset + FrameFormat.IPv4HeaderLength)
        {
            return Foreign(ForeignCause.IPHeaderCut);
        }

        var ip = frame[IPOffset..];
        var words = ip[0] & 0x0f;
        if (ip[0] >> 4 != 4)
        {
            return Foreign(ForeignCause.IPVersion);
        }

        if (words < LeastHeaderWords)
        {
            return Foreign(ForeignCause.IPv4HeaderLength);
        }

        if (ip[9] != FrameFormat.UdpProtocol)
        {
            return Foreign(ForeignCause.IPProtocol);
        }

        var fragment = BinaryPrimitives.ReadUInt16BigEndian(ip[6..]);
        var found = this with
        {
            IPEnd = IPOffset + BinaryPrimitives.ReadUInt16BigEndian(ip[2..]),
            UdpOffset = IPOffset + (4 * words),
            IsFirstFragment = (fragment & FrameFormat.IPv4MoreFragments) != 0,
        };
        return (fragment & FrameFormat.IPv4FragmentOffset) == 0
            ? found with { Class = FrameClass.OnPort }
            : found.LaterFragment(found.UdpOffset <= frame.Length);
    }

    FrameOutline FindIPv6(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < IPOffset + FrameFormat.IPv6HeaderLength)
        {
            return Foreign(ForeignCause.IPHeaderCut);
        }

        var ip = frame[IPOffset..];
        if (ip[0] >> 4 != 6)
        {
            return Foreign(ForeignCause.IPVersion);
        }

        var offset = IPOffset + FrameFormat.IPv6HeaderLength;
        var found = this with { UdpOffset = offset, IPEnd = offset + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) };
        return found.PassExtensions(frame, ip[6]);
    }

    /// <summary>Passes over the headers between IPv6 and UDP.</summary>
    FrameOutline PassExtensions(ReadOnlySpan<byte> frame, byte nextHeader)
    {
        var (offset, passed, fragmentSeen, first) = (UdpOffset, 0, false, false);
        while (FrameFormat.IsExtension(nextHeader))
        {
            if (frame.Length < offset + FrameFormat.FragmentHeaderLength)
            {
                return Foreign(ForeignCause.ExtensionHeaders);
            }

            var extension = frame[offset..];
            var isFragment = nextHeader == FrameFormat.FragmentProtocol;
            nextHeader = extension[0];
            if (!isFragment)
            {
                if (++passed > MaxExtensionHeaders)
                {
                    return Foreign(ForeignCause.ExtensionHeaders);
                }

                offset += (extension[1] + 1) * FrameFormat.FragmentHeaderLength;
            }
            else
            {
                if (fragmentSeen)
                {
                    return Foreign(ForeignCause.ExtensionHeaders);
                }

                fragmentSeen = true;
                offset += FrameFormat.FragmentHeaderLength;
                var fragment = BinaryPrimitives.ReadUInt16BigEndian(extension[2..]);
                if ((fragment & FrameFormat.IPv6FragmentOffset) != 0)
                {
                    return (this with { UdpOffset = offset }).LaterFragment(offset <= IPEnd && nextHeader == FrameFormat.UdpProtocol);
                }

                first = (fragment & FrameFormat.IPv6MoreFragments) != 0;
            }

            if (offset > IPEnd)
            {
                return Foreign(ForeignCause.IPLength);
            }
        }

        return nextHeader == FrameFormat.UdpProtocol
            ? this with { Class = FrameClass.OnPort, UdpOffset = offset, IsFirstFragment = first }
            : Foreign(ForeignCause.IPProtocol);
    }

    FrameOutline FindUdp(ReadOnlySpan<byte> frame, IReadOnlyList<int>? ports)
    {
        if (PayloadOffset > IPEnd)
        {
            return Foreign(ForeignCause.IPLength);
        }

        if (PayloadOffset > frame.Length)
        {
            return Foreign(ForeignCause.UdpHeaderCut);
        }

        var udp = frame[UdpOffset..];
        var found = this with
        {
            SourcePort = BinaryPrimitives.ReadUInt16BigEndian(udp),
            DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(udp[2..]),
            UdpLength = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]),
            UdpChecksum = BinaryPrimitives.ReadUInt16BigEndian(udp[6..]),
        };
        return ports is null || ports.Contains(found.SourcePort) || ports.Contains(found.DestinationPort) ? found : found.Foreign(ForeignCause.Port);
    }

    FrameOutline LaterFragment(bool isWhole) => isWhole
        ? this with { Class = FrameClass.LaterFragment, IsFirstFragment = false }
        : Foreign(ForeignCause.IPLength);

    FrameOutline Foreign(ForeignCause cause) => this with { Class = FrameClass.Foreign, Cause = cause };
}

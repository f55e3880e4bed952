namespace CustomProto.Protocol;

/// <summary>
/// From bytes to a message, without a network and without the kernel: judges a frame exactly as the kernel program does
/// (docs/protocol.md), for the same reasons in the same order. Immutable; any number of threads may use one.
/// </summary>
public sealed partial class PacketDecoder
{
    readonly ProtocolDefinition _protocol;
    readonly int[] _ports;
    readonly bool _verifyChecksum;

    /// <summary>Makes a decoder.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="ports">The UDP ports, instead of the protocol's own.</param>
    /// <param name="verifyChecksum">Whether a wrong IPv4 header or UDP checksum is a reason to reject a frame.</param>
    public PacketDecoder(ProtocolDefinition protocol, IEnumerable<int>? ports = null, bool verifyChecksum = false)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        _protocol = protocol;
        _ports = [.. ports ?? protocol.Ports];
        _verifyChecksum = verifyChecksum;
    }

    /// <summary>Judges a whole frame.</summary>
    /// <param name="frame">The frame, from the Ethernet header on, as long as it was on the wire.</param>
    /// <param name="packet">What is known of it besides its bytes: times, interface, direction. The rest is filled in.</param>
    public DecodedPacket DecodeFrame(ReadOnlySpan<byte> frame, in PacketMetadata packet = default)
    {
        var outline = FrameOutline.Find(frame, _ports);
        if (outline.Class != FrameClass.OnPort)
        {
            return new DecodedPacket { IsLaterFragment = outline.Class == FrameClass.LaterFragment };
        }

        var reason = JudgeHeaders(frame, outline);
        if (reason != RejectReason.None)
        {
            return new DecodedPacket { Seen = true, Reason = reason };
        }

        var payload = frame.Slice(outline.PayloadOffset, outline.UdpLength - FrameFormat.UdpHeaderLength);
        return Decode(payload, Describe(frame, outline, packet));
    }

    /// <summary>Judges the payload of a UDP datagram on one of the ports.</summary>
    /// <param name="payload">The protocol's header and what follows it.</param>
    /// <param name="packet">What is known of the packet.</param>
    public DecodedPacket DecodePayload(ReadOnlySpan<byte> payload, in PacketMetadata packet = default) => payload.Length < _protocol.HeaderSize
        ? new DecodedPacket { Seen = true, Reason = RejectReason.Truncated }
        : Decode(payload, packet);

    /// <summary>What the IP and UDP headers have against a frame: what is judged before the protocol's own header.</summary>
    RejectReason JudgeHeaders(ReadOnlySpan<byte> frame, in FrameOutline outline)
    {
        if (outline.IsFirstFragment)
        {
            return RejectReason.Fragment;
        }

        if (outline.IPEnd > frame.Length
            || outline.UdpLength < FrameFormat.UdpHeaderLength + _protocol.HeaderSize
            || outline.UdpOffset + outline.UdpLength > outline.IPEnd)
        {
            return RejectReason.Truncated;
        }

        return !_verifyChecksum || HasRightChecksums(frame, outline) ? RejectReason.None : RejectReason.BadChecksum;
    }

    /// <summary>Judges a payload that is at least as long as the protocol's header.</summary>
    DecodedPacket Decode(ReadOnlySpan<byte> payload, in PacketMetadata packet)
    {
        var (reason, length) = JudgePayload(payload);
        if (reason != RejectReason.None)
        {
            return new DecodedPacket { Seen = true, Reason = reason };
        }

        var end = _protocol.HeaderSize + length;
        return new DecodedPacket
        {
            Seen = true,
            Message = new CustomMessage(_protocol, payload[..end].ToArray(), length, payload.Length - end, packet),
        };
    }

    (RejectReason Reason, int Length) JudgePayload(ReadOnlySpan<byte> payload)
    {
        if (_protocol.Magic is { } magic && _protocol.Read(magic, payload) != magic.Value)
        {
            return (RejectReason.BadMagic, 0);
        }

        if (_protocol.Version is { } version && _protocol.Read(version, payload) != version.Value)
        {
            return (RejectReason.BadVersion, 0);
        }

        var room = payload.Length - _protocol.HeaderSize;
        if (_protocol.Length is not { } field)
        {
            return (RejectReason.None, room);
        }

        var length = _protocol.Read(field, payload);
        var header = _protocol.LengthCountsHeader ? (ulong)_protocol.HeaderSize : 0;
        return length < header || length - header > (ulong)room ? (RejectReason.BadLength, 0) : (RejectReason.None, (int)(length - header));
    }

    /// <summary>Whether the IPv4 header's and the UDP checksum are right; 0 means "none" over IPv4 and is wrong over IPv6.</summary>
    static bool HasRightChecksums(ReadOnlySpan<byte> frame, in FrameOutline outline)
    {
        const int IPv4Addresses = 12;
        const int IPv6Addresses = 8;
        if (!outline.IsIPv6)
        {
            if (InternetChecksum.Finish(InternetChecksum.Sum(frame[outline.IPOffset..outline.UdpOffset])) != 0)
            {
                return false;
            }

            if (outline.UdpChecksum == 0)
            {
                return true;
            }
        }
        else if (outline.UdpChecksum == 0)
        {
            return false;
        }

        var addresses = outline.IsIPv6
            ? frame.Slice(outline.IPOffset + IPv6Addresses, 2 * 16)
            : frame.Slice(outline.IPOffset + IPv4Addresses, 2 * 4);
        return InternetChecksum.IsRight(addresses, frame.Slice(outline.UdpOffset, outline.UdpLength));
    }

    /// <summary>What the headers of a frame on the port say, added to what is known of it.</summary>
    internal static PacketMetadata Describe(ReadOnlySpan<byte> frame, in FrameOutline outline, in PacketMetadata packet)
    {
        var length = outline.IsIPv6 ? 16 : 4;
        var source = frame[(outline.IPOffset + (outline.IsIPv6 ? 8 : 12))..];
        return packet with
        {
            Source = InternetAddress.From(source[..length], outline.IsIPv6),
            Destination = InternetAddress.From(source.Slice(length, length), outline.IsIPv6),
            SourcePort = outline.SourcePort,
            DestinationPort = outline.DestinationPort,
            DestinationMac = new MacAddress(frame[..MacAddress.Length]),
            SourceMac = new MacAddress(frame.Slice(MacAddress.Length, MacAddress.Length)),
            VlanCount = outline.TagCount,
            OuterVlanId = outline.OuterVlanId,
            InnerVlanId = outline.InnerVlanId,
        };
    }
}

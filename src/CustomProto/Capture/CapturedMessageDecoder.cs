using CustomProto.Protocol;

namespace CustomProto.Capture;

/// <summary>From the frames of captures to messages, judged as the kernel program judges them. Immutable; any number of threads may use one.</summary>
public sealed class CapturedMessageDecoder
{
    /// <summary>No IP packet is longer, with the headers before it.</summary>
    const int MaxFrameLength = ushort.MaxValue + FrameFormat.IPv6HeaderLength + FrameFormat.EthernetHeaderLength + (FrameFormat.MaxVlanTags * FrameFormat.VlanTagLength);

    readonly ProtocolDefinition _protocol;
    readonly int[] _ports;
    readonly PacketDecoder _decoder;

    /// <summary>Makes a decoder.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="ports">The UDP ports, instead of the protocol's own.</param>
    public CapturedMessageDecoder(ProtocolDefinition protocol, IReadOnlyList<int>? ports = null)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        _protocol = protocol;
        _ports = [.. ports ?? protocol.Ports];
        _decoder = new PacketDecoder(protocol, _ports);
    }

    /// <summary>
    /// Judges a frame. What was cut off when it was captured is missing in the message as with a snap length; a message of whose header
    /// something is missing counts as truncated. What the program that saw the packet said of it in the file (<see cref="CapturedFrame.Reason"/>)
    /// counts first: that was the packet itself, and this is a frame that was built anew.
    /// </summary>
    public DecodedPacket Decode(CapturedFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var decoded = Judge(frame);
        return decoded.Seen && frame.Reason != RejectReason.None ? new DecodedPacket { Seen = true, Reason = frame.Reason } : decoded;
    }

    /// <summary>Judges a frame, and makes an object also of a packet on the port that is no message.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="rejected">The packet that is no message; <see langword="null"/> for a message, and for what isn't on the port.</param>
    public DecodedPacket Decode(CapturedFrame frame, out RejectedPacket? rejected)
    {
        var decoded = Decode(frame);
        rejected = decoded.Reason == RejectReason.None ? null : Describe(frame, decoded.Reason);
        return decoded;
    }

    DecodedPacket Judge(CapturedFrame frame)
    {
        var packet = Metadata(frame);
        var whole = Whole(frame);
        var decoded = _decoder.DecodeFrame(whole, packet);
        if (whole.Length == frame.Bytes.Length)
        {
            return frame.LostBefore > 0 && decoded.Message is { } message ? decoded with { Message = Rebuild(message, message.Payload, frame) } : decoded;
        }

        var captured = frame.Bytes.Length - FrameOutline.Find(whole, _ports).PayloadOffset;
        return !decoded.Seen || decoded.Reason is RejectReason.Fragment
            ? decoded
            : captured < _protocol.HeaderSize
                ? new DecodedPacket { Seen = true, Reason = RejectReason.Truncated }
                : decoded.Message is { } cut ? decoded with { Message = Rebuild(cut, cut.Payload[..Math.Min(captured, cut.Payload.Length)], frame) } : decoded;
    }

    /// <summary>What the kernel program would tell of a packet that it rejects.</summary>
    RejectedPacket Describe(CapturedFrame frame, RejectReason reason)
    {
        var whole = Whole(frame);
        var outline = FrameOutline.Find(whole, _ports);
        var start = outline.PayloadOffset;
        var end = outline.UdpOffset + outline.UdpLength;
        end = Math.Max(start, Math.Min(end < start ? outline.IPEnd : Math.Min(end, outline.IPEnd), whole.Length));
        var captured = Math.Clamp(frame.Bytes.Length - start, 0, Math.Min(end - start, RejectedPacket.MaxLeadingBytes));
        var payload = captured > 0 ? frame.Bytes.AsSpan(start, captured).ToArray() : [];
        return new RejectedPacket(reason, payload, end - start, PacketDecoder.Describe(whole, outline, Metadata(frame)), _protocol.Name);
    }

    /// <summary>The frame as long as it was, as lengths are judged by that: with zeros where nothing is known.</summary>
    static byte[] Whole(CapturedFrame frame)
    {
        if (!frame.IsCut || frame.OriginalLength > MaxFrameLength)
        {
            return frame.Bytes;
        }

        var padded = new byte[frame.OriginalLength];
        frame.Bytes.CopyTo(padded, 0);
        return padded;
    }

    static PacketMetadata Metadata(CapturedFrame frame) => new()
    {
        UnixNanoseconds = frame.UnixNanoseconds ?? 0,
        TimestampSource = frame.UnixNanoseconds is null ? TimestampSource.None : TimestampSource.Capture,
        Interface = frame.Interface,
        Direction = frame.Direction == PacketDirection.None ? PacketDirection.Ingress : frame.Direction,
    };

    CustomMessage Rebuild(CustomMessage message, ReadOnlySpan<byte> payload, CapturedFrame frame) =>
        new(_protocol, payload.ToArray(), message.Length, message.TrailingBytes, message.Packet, frame.LostBefore);
}

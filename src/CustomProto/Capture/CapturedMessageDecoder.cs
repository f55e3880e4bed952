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
    /// something is missing counts as truncated.
    /// </summary>
    public DecodedPacket Decode(CapturedFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var packet = new PacketMetadata
        {
            UnixNanoseconds = frame.UnixNanoseconds ?? 0,
            TimestampSource = frame.UnixNanoseconds is null ? TimestampSource.None : TimestampSource.Capture,
            Interface = frame.Interface,
            Direction = frame.Direction == PacketDirection.None ? PacketDirection.Ingress : frame.Direction,
        };
        if (!frame.IsCut || frame.OriginalLength > MaxFrameLength)
        {
            var whole = _decoder.DecodeFrame(frame.Bytes, packet);
            return frame.LostBefore > 0 && whole.Message is { } message ? whole with { Message = Rebuild(message, message.Payload, frame) } : whole;
        }

        // The lengths are judged by the frame as it was, with zeros where nothing is known.
        var padded = new byte[frame.OriginalLength];
        frame.Bytes.CopyTo(padded, 0);
        var decoded = _decoder.DecodeFrame(padded, packet);
        var captured = frame.Bytes.Length - FrameOutline.Find(padded, _ports).PayloadOffset;
        return !decoded.Seen || decoded.Reason is RejectReason.Fragment
            ? decoded
            : captured < _protocol.HeaderSize
                ? new DecodedPacket { Seen = true, Reason = RejectReason.Truncated }
                : decoded.Message is { } cut ? decoded with { Message = Rebuild(cut, cut.Payload[..Math.Min(captured, cut.Payload.Length)], frame) } : decoded;
    }

    CustomMessage Rebuild(CustomMessage message, ReadOnlySpan<byte> payload, CapturedFrame frame) =>
        new(_protocol, payload.ToArray(), message.Length, message.TrailingBytes, message.Packet, frame.LostBefore);
}

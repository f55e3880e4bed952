using System.Globalization;

namespace CustomProto.Protocol;

/// <content>Why bytes are no message, in words and with the numbers.</content>
public sealed partial class PacketDecoder
{
    /// <summary>Makes a message of bytes, or says why they are none.</summary>
    /// <param name="bytes">A frame or the payload of a UDP datagram.</param>
    /// <param name="form">Which of the two; with <see cref="PacketForm.Auto"/>, a frame on the port is taken for one.</param>
    /// <param name="packet">What is known of a frame besides its bytes; a payload was on no network.</param>
    /// <exception cref="CustomProtoException">
    /// They are no valid message (<see cref="FailureKind.InvalidData"/>). The error id is the reason that the kernel program would count
    /// them under (a member of <see cref="RejectReason"/>), <c>LaterFragment</c>, or <c>NotOnPort</c>.
    /// </exception>
    public CustomMessage Require(ReadOnlySpan<byte> bytes, PacketForm form = PacketForm.Auto, in PacketMetadata packet = default)
    {
        var frame = form == PacketForm.Payload ? default : DecodeFrame(bytes, packet);
        var payload = form == PacketForm.Frame ? default : DecodePayload(bytes);
        if ((frame.Message ?? payload.Message) is { } message)
        {
            return message;
        }

        // Bytes that get as far as the protocol's version are meant for a payload, whatever they would be as a frame.
        var isPayload = form == PacketForm.Payload
            || (form == PacketForm.Auto && !frame.Seen && payload.Reason is RejectReason.BadVersion or RejectReason.BadLength && _protocol.Magic is not null);
        throw isPayload ? Rejected("payload", payload.Reason, ExplainPayload(bytes, payload.Reason))
            : frame.Seen ? Rejected("frame", frame.Reason, ExplainFrame(bytes, frame.Reason))
            : Foreign(bytes, form, frame.IsLaterFragment);
    }

    CustomProtoException Rejected(string what, RejectReason reason, string problem) => new(
        FailureKind.InvalidData,
        reason.ToString(),
        $"The {what} is not a message of the protocol '{_protocol.Name}' ({reason}): {problem}.",
        reason switch
        {
            RejectReason.Fragment => "Put the fragments together first.",
            RejectReason.Truncated => "Give all of its bytes.",
            RejectReason.BadChecksum => "Leave out the check if it comes from the same machine, where checksums may be unfinished.",
            _ => "Check where the bytes come from, and which protocol they are of.",
        },
        reason);

    CustomProtoException Foreign(ReadOnlySpan<byte> bytes, PacketForm form, bool isLaterFragment)
    {
        if (isLaterFragment)
        {
            return new CustomProtoException(
                FailureKind.InvalidData,
                "LaterFragment",
                "The frame is a fragment after the first of a datagram: it has neither ports nor the protocol's header.",
                "Put the fragments together first.");
        }

        var outline = FrameOutline.Find(bytes, _ports);
        var begin = form == PacketForm.Auto && _protocol.Magic is { } magic
            ? $"The {bytes.Length} bytes are no payload of the protocol '{_protocol.Name}', as they {ExplainMagic(bytes, magic)}, and no frame with one"
            : $"The frame of {bytes.Length} bytes is not one of the protocol '{_protocol.Name}'";
        return new CustomProtoException(
            FailureKind.InvalidData,
            "NotOnPort",
            Invariant($"{begin}: {ExplainForeign(bytes, outline)}."),
            $"Give whole frames from the destination's MAC address on, to or from port {string.Join(" or ", _ports)}, or the payloads of their datagrams.");
    }

    string ExplainMagic(ReadOnlySpan<byte> bytes, ProtocolField magic) => bytes.Length < _protocol.HeaderSize
        ? Invariant($"have fewer than its header's {_protocol.HeaderSize}")
        : $"have {Show(magic, _protocol.Read(magic, bytes))} for its {magic.Name} {Show(magic, magic.Value!.Value)}";

    /// <summary>Why a frame is no UDP datagram on the port, as what follows a colon.</summary>
    internal static string ExplainForeign(ReadOnlySpan<byte> frame, FrameOutline outline)
    {
        var version = outline.IsIPv6 ? "IPv6" : "IPv4";
        return outline.Cause switch
        {
            ForeignCause.EthernetHeaderCut => Invariant($"an Ethernet header alone has {FrameFormat.EthernetHeaderLength} bytes"),
            ForeignCause.VlanTagCut => "it ends within a VLAN tag",
            ForeignCause.TooManyVlanTags => Invariant($"it has more than {FrameFormat.MaxVlanTags} VLAN tags"),
            ForeignCause.EtherType => Invariant($"its EtherType 0x{outline.EtherType:X4} is neither IPv4 nor IPv6"),
            ForeignCause.IPHeaderCut => $"it ends within the {version} header",
            ForeignCause.IPVersion => Invariant($"its EtherType says {version}, but the header is of version {frame[outline.IPOffset] >> 4}"),
            ForeignCause.IPv4HeaderLength => Invariant($"its IPv4 header says that it has {4 * (frame[outline.IPOffset] & 0x0f)} bytes"),
            ForeignCause.IPProtocol => $"it carries another protocol than UDP over {version}",
            ForeignCause.ExtensionHeaders => "its IPv6 extension headers end early or are too many",
            ForeignCause.IPLength => $"it ends before a UDP header by its {version} length",
            ForeignCause.UdpHeaderCut => "it ends within the UDP header",
            _ => Invariant($"it goes from UDP port {outline.SourcePort} to {outline.DestinationPort}"),
        };
    }

    string ExplainFrame(ReadOnlySpan<byte> frame, RejectReason reason)
    {
        var outline = FrameOutline.Find(frame, _ports);
        var end = outline.UdpOffset + outline.UdpLength;
        return reason switch
        {
            RejectReason.Fragment => "it is the first fragment of a datagram",
            RejectReason.BadChecksum => "the IPv4 header's or the UDP checksum is wrong",
            RejectReason.Truncated when outline.IPEnd > frame.Length =>
                Invariant($"it has {frame.Length} bytes, but ends at byte {outline.IPEnd} by its IP header"),
            RejectReason.Truncated when end > outline.IPEnd =>
                Invariant($"it ends at byte {end} by its UDP header, but at byte {outline.IPEnd} by its IP header"),
            RejectReason.Truncated when outline.UdpLength < FrameFormat.UdpHeaderLength =>
                Invariant($"its UDP length is {outline.UdpLength}, less than the UDP header's own {FrameFormat.UdpHeaderLength}"),
            _ => ExplainPayload(frame.Slice(outline.PayloadOffset, outline.UdpLength - FrameFormat.UdpHeaderLength), reason),
        };
    }

    string ExplainPayload(ReadOnlySpan<byte> payload, RejectReason reason) => reason switch
    {
        RejectReason.BadMagic => WrongValue(payload, _protocol.Magic!),
        RejectReason.BadVersion => WrongValue(payload, _protocol.Version!),
        RejectReason.BadLength => Invariant($"its {_protocol.Length!.Name} is {_protocol.Read(_protocol.Length, payload)}, but {payload.Length - _protocol.HeaderSize} bytes follow the header{(_protocol.LengthCountsHeader ? $" of {_protocol.HeaderSize}" : "")}"),
        _ => Invariant($"its payload has {payload.Length} bytes, but the header has {_protocol.HeaderSize}"),
    };

    string WrongValue(ReadOnlySpan<byte> payload, ProtocolField field) =>
        $"its {field.Name} is {Show(field, _protocol.Read(field, payload))} instead of {Show(field, field.Value!.Value)}";

    /// <summary>A field's value as it is usually written: in hexadecimal but for single bytes.</summary>
    static string Show(ProtocolField field, ulong value) =>
        field.Width == 1 ? value.ToString(CultureInfo.InvariantCulture) : "0x" + value.ToString($"X{2 * field.Width}", CultureInfo.InvariantCulture);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

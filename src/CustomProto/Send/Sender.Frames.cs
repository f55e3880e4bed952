using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <content>Ready frames.</content>
public sealed partial class Sender
{
    /// <summary>Sends ready frames, as they are, out of the interface: neither headers nor content are looked at or changed.</summary>
    /// <param name="frame">The frame, from the Ethernet header on. <see cref="SendOptions.ForFrame"/> makes the options for it.</param>
    /// <param name="plan">How often and how fast; without it, once.</param>
    /// <param name="cancellationToken">Ends it; <see cref="Packets"/> tells how far it came.</param>
    /// <returns>How many packets the kernel took.</returns>
    /// <exception cref="CustomProtoException">
    /// The transport isn't <see cref="Transport.Raw"/> (<see cref="FailureKind.InvalidArgument"/>); the frame is shorter than an Ethernet
    /// header or longer than the MTU allows (<see cref="FailureKind.LimitExceeded"/>); or the kernel refuses it.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long SendFrame(ReadOnlySpan<byte> frame, SendPlan? plan = null, CancellationToken cancellationToken = default)
    {
        if (Transport != Transport.Raw)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "OptionNeedsRaw", "Only a raw socket can send ready frames.", "Use -Transport Raw.", Transport);
        }

        CheckLength(frame);
        _requestedRate = plan?.Pace?.Rate ?? _requestedRate;
        return Run(frame, isFrame: true, plan, plan is null ? 1 : plan.Count ?? long.MaxValue, cancellationToken);
    }

    void CheckLength(ReadOnlySpan<byte> frame)
    {
        const int EtherTypeOffset = 2 * MacAddress.Length;
        if (frame.Length < FrameFormat.EthernetHeaderLength)
        {
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "FrameTooShort",
                $"A frame of {frame.Length} bytes can't be sent: an Ethernet header alone has {FrameFormat.EthernetHeaderLength}.",
                "Give whole frames, from the destination's MAC address on.",
                frame.Length);
        }

        // The kernel lets a frame be longer by one 802.1Q tag (packet_extra_vlan_len_allowed, net/packet/af_packet.c).
        var tag = BinaryPrimitives.ReadUInt16BigEndian(frame[EtherTypeOffset..]) == FrameFormat.EtherTypeVlan ? FrameFormat.VlanTagLength : 0;
        var most = _path.Link.Mtu + FrameFormat.EthernetHeaderLength + tag;
        if (frame.Length > most)
        {
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "FrameExceedsMtu",
                $"A frame of {frame.Length} bytes doesn't fit '{_path.Link.Name}', whose MTU of {_path.Link.Mtu} lets frames have {most}.",
                $"Raise the MTU (ip link set dev {_path.Link.Name} mtu BYTES, at every hop), or send less.",
                frame.Length);
        }
    }
}

using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>From a UDP payload to frames that are out of the ordinary (<see cref="PacketCraft"/>): one, or several that differ.</summary>
/// <param name="frames">Writes the headers.</param>
/// <param name="craft">What is different.</param>
/// <param name="mtu">The longest IP packet.</param>
/// <param name="mutator">Changes every frame, if that was asked for.</param>
sealed class FrameCrafter(FrameBuilder frames, PacketCraft craft, int mtu, PacketMutator? mutator)
{
    /// <summary>Whether a payload may become several frames, or another one each time.</summary>
    internal bool IsVaried => mutator is not null || craft.MayFragment;

    /// <summary>Makes the one frame of a payload.</summary>
    internal byte[] MakeFrame(ReadOnlySpan<byte> payload, ushort identification)
    {
        var frame = MakeWhole(payload, identification);
        return frame[..Shortened(frame.Length)];
    }

    /// <summary>Makes the frames of a payload.</summary>
    internal IReadOnlyList<byte[]> MakeFrames(ReadOnlySpan<byte> payload, ushort identification)
    {
        if (mutator is not null)
        {
            return mutator.Next(MakeWhole(payload, identification: 0), mtu + frames.IPOffset).Frames;
        }

        var whole = MakeWhole(payload, identification);
        var fits = FrameFragmenter.SizeFor(mtu, frames.UdpOffset - frames.IPOffset, frames.IsIPv6);
        var isTooLong = craft.Fragment && whole.Length - frames.IPOffset > mtu;
        var size = craft.FragmentSize is { } asked ? Math.Min(asked, fits) : isTooLong ? fits : int.MaxValue;
        var parts = FrameFragmenter.Split(whole, frames.IPOffset, frames.UdpOffset, size, identification);
        parts[^1] = parts[^1][..Shortened(parts[^1].Length)];
        return parts;
    }

    /// <summary>Changes the IPv4 identification, unless that was cut off.</summary>
    internal void SetIdentification(Span<byte> frame, ushort identification)
    {
        if (frame.Length >= frames.UdpOffset)
        {
            frames.SetIdentification(frame, identification);
        }
    }

    int Shortened(int length) => Math.Max(Math.Min(length, FrameFormat.EthernetHeaderLength), length - craft.Truncate);

    byte[] MakeWhole(ReadOnlySpan<byte> payload, ushort identification)
    {
        var frame = new byte[frames.HeaderLength + payload.Length];
        frames.Build(frame, payload, identification);
        var checksum = frame.AsSpan(frames.UdpOffset + 6, sizeof(ushort));
        if (craft.Checksum == ChecksumKind.Zero)
        {
            checksum.Clear();
        }
        else if (craft.Checksum == ChecksumKind.Bad)
        {
            BinaryPrimitives.WriteUInt16BigEndian(checksum, Wrong(BinaryPrimitives.ReadUInt16BigEndian(checksum)));
        }

        return frame;
    }

    /// <summary>A checksum that is wrong and not 0, which would mean that there is none.</summary>
    static ushort Wrong(ushort right)
    {
        const ushort Difference = 0x0101;
        return right == Difference ? (ushort)(right + 1) : (ushort)(right ^ Difference);
    }
}

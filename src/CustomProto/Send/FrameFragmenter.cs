using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>Splits the datagram in a frame into fragments (RFC 791, section 3.2; RFC 8200, section 4.5).</summary>
static class FrameFragmenter
{
    const int Unit = 8;

    /// <summary>Makes the frames of the fragments, first to last; the frame itself where the datagram fits into one.</summary>
    /// <param name="frame">A whole frame.</param>
    /// <param name="ipOffset">Where its IP header is.</param>
    /// <param name="udpOffset">Where its UDP header is.</param>
    /// <param name="size">The most bytes of the datagram in a fragment, at least <see cref="PacketCraft.MinFragmentSize"/>.</param>
    /// <param name="identification">What fragments of one datagram have in common; 16 bits of it for IPv4.</param>
    internal static List<byte[]> Split(ReadOnlySpan<byte> frame, int ipOffset, int udpOffset, int size, uint identification)
    {
        var datagram = frame[udpOffset..];
        if (datagram.Length <= size)
        {
            return [frame.ToArray()];
        }

        var isIPv6 = frame[ipOffset] >> 4 == 6;
        var step = size & -Unit;
        var frames = new List<byte[]>((datagram.Length / step) + 1);
        for (var offset = 0; offset < datagram.Length; offset += step)
        {
            var part = datagram.Slice(offset, Math.Min(step, datagram.Length - offset));
            var more = offset + part.Length < datagram.Length;
            frames.Add(isIPv6
                ? MakeIPv6(frame[..udpOffset], ipOffset, part, offset, more, identification)
                : MakeIPv4(frame[..ipOffset], frame[ipOffset..udpOffset], part, offset, more, (ushort)identification));
        }

        return frames;
    }

    /// <summary>The most bytes of a datagram that a fragment can have where packets are so long at most.</summary>
    internal static int SizeFor(int mtu, int ipHeaderLength, bool isIPv6) =>
        Math.Max(PacketCraft.MinFragmentSize, mtu - ipHeaderLength - (isIPv6 ? FrameFormat.FragmentHeaderLength : 0));

    static byte[] MakeIPv4(ReadOnlySpan<byte> before, ReadOnlySpan<byte> header, ReadOnlySpan<byte> part, int offset, bool more, ushort identification)
    {
        byte[] ip = offset == 0 ? header.ToArray() : [.. header[..FrameFormat.IPv4HeaderLength], .. CopiedOptions(header[FrameFormat.IPv4HeaderLength..])];
        ip[0] = (byte)((ip[0] & 0xf0) | (ip.Length / 4));
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)(ip.Length + part.Length));
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), identification);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(6), (ushort)((more ? FrameFormat.IPv4MoreFragments : 0) | (offset / Unit)));
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), 0);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), InternetChecksum.Finish(InternetChecksum.Sum(ip)));
        return [.. before, .. ip, .. part];
    }

    static byte[] MakeIPv6(ReadOnlySpan<byte> headers, int ipOffset, ReadOnlySpan<byte> part, int offset, bool more, uint identification)
    {
        const int NextHeader = 6;
        Span<byte> fragment = stackalloc byte[FrameFormat.FragmentHeaderLength];
        fragment[0] = headers[ipOffset + NextHeader];
        fragment[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(fragment[2..], (ushort)(offset | (more ? FrameFormat.IPv6MoreFragments : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(fragment[4..], identification);
        byte[] frame = [.. headers, .. fragment, .. part];
        frame[ipOffset + NextHeader] = FrameFormat.FragmentProtocol;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ipOffset + 4), (ushort)(fragment.Length + part.Length));
        return frame;
    }

    /// <summary>The options that every fragment has to have, filled up to a multiple of four; the others are only in the first.</summary>
    static byte[] CopiedOptions(ReadOnlySpan<byte> options)
    {
        const byte End = 0;
        const byte NoOperation = 1;
        const byte CopiedFlag = 0x80;
        var copied = new List<byte>(options.Length);
        while (options.Length > 0 && options[0] != End)
        {
            // A length that can't be is taken for the rest: such options may be the point.
            var length = options[0] == NoOperation ? 1 : options.Length > 1 && options[1] >= 2 ? Math.Min(options[1], options.Length) : options.Length;
            if ((options[0] & CopiedFlag) != 0)
            {
                copied.AddRange(options[..length]);
            }

            options = options[length..];
        }

        while (copied.Count % 4 != 0)
        {
            copied.Add(End);
        }

        return [.. copied];
    }
}

using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// A frame taken apart, so that a part can be changed and the rest made to fit again: lengths and checksums are worked out anew, unless
/// they are what was changed.
/// </summary>
sealed class FrameParts
{
    internal byte[] Macs { get; private init; } = [];

    /// <summary>The tags, outer first: the EtherType that announces each, and its priority and id.</summary>
    internal List<(ushort EtherType, ushort Control)> Tags { get; } = [];

    internal ushort EtherType { get; set; }

    internal bool IsIPv6 { get; private init; }

    /// <summary>The IP header without options and extension headers.</summary>
    internal byte[] IP { get; private init; } = [];

    /// <summary>IPv4 options, a multiple of four bytes, or IPv6 extension headers.</summary>
    internal byte[] IPExtra { get; set; } = [];

    internal byte[] Udp { get; private init; } = [];

    internal byte[] Payload { get; set; } = [];

    /// <summary>The IPv4 header length in units of four bytes, instead of the right one.</summary>
    internal int? IPHeaderWords { get; set; }

    /// <summary>The IP header's length, instead of the right one.</summary>
    internal ushort? IPLength { get; set; }

    internal ushort? IPChecksum { get; set; }

    internal ushort? UdpLength { get; set; }

    internal ushort? UdpChecksum { get; set; }

    /// <summary>The right length of the datagram.</summary>
    internal int DatagramLength => Udp.Length + Payload.Length;

    /// <summary>The right length that the IP header says.</summary>
    internal int RightIPLength => DatagramLength + IPExtra.Length + (IsIPv6 ? 0 : IP.Length);

    /// <summary>Takes a frame apart.</summary>
    /// <exception cref="CustomProtoException">It is no whole frame with a UDP datagram.</exception>
    internal static FrameParts Of(ReadOnlySpan<byte> frame)
    {
        var outline = FrameOutline.Find(frame, ports: null);
        if (outline.Class != FrameClass.OnPort
            || outline.UdpLength < FrameFormat.UdpHeaderLength
            || outline.UdpOffset + outline.UdpLength > Math.Min(outline.IPEnd, frame.Length))
        {
            throw new CustomProtoException(
                FailureKind.InvalidData,
                "NotAFrame",
                $"The {frame.Length} bytes are not a whole frame with a UDP datagram, so nothing in it can be changed.",
                "Give a whole Ethernet frame of a valid message.",
                frame.Length);
        }

        var header = outline.IsIPv6 ? FrameFormat.IPv6HeaderLength : FrameFormat.IPv4HeaderLength;
        var parts = new FrameParts
        {
            Macs = frame[..(2 * MacAddress.Length)].ToArray(),
            EtherType = outline.EtherType,
            IsIPv6 = outline.IsIPv6,
            IP = frame.Slice(outline.IPOffset, header).ToArray(),
            IPExtra = frame[(outline.IPOffset + header)..outline.UdpOffset].ToArray(),
            Udp = frame.Slice(outline.UdpOffset, FrameFormat.UdpHeaderLength).ToArray(),
            Payload = frame.Slice(outline.PayloadOffset, outline.UdpLength - FrameFormat.UdpHeaderLength).ToArray(),
        };
        for (var i = 0; i < outline.TagCount; i++)
        {
            var tag = frame[((2 * MacAddress.Length) + (i * FrameFormat.VlanTagLength))..];
            parts.Tags.Add((BinaryPrimitives.ReadUInt16BigEndian(tag), BinaryPrimitives.ReadUInt16BigEndian(tag[2..])));
        }

        return parts;
    }

    /// <summary>Puts the frame together.</summary>
    internal byte[] Assemble()
    {
        FinishIP();
        FinishUdp();
        var ethernet = new byte[Macs.Length + (Tags.Count * FrameFormat.VlanTagLength) + sizeof(ushort)];
        Macs.CopyTo(ethernet, 0);
        var rest = ethernet.AsSpan(Macs.Length);
        foreach (var (etherType, control) in Tags)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, etherType);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], control);
            rest = rest[FrameFormat.VlanTagLength..];
        }

        BinaryPrimitives.WriteUInt16BigEndian(rest, EtherType);
        return [.. ethernet, .. IP, .. IPExtra, .. Udp, .. Payload];
    }

    void FinishIP()
    {
        var length = IPLength ?? (ushort)RightIPLength;
        if (IsIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(IP.AsSpan(4), length);
            return;
        }

        IP[0] = (byte)((IP[0] & 0xf0) | ((IPHeaderWords ?? ((IP.Length + IPExtra.Length) / 4)) & 0x0f));
        BinaryPrimitives.WriteUInt16BigEndian(IP.AsSpan(2), length);
        BinaryPrimitives.WriteUInt16BigEndian(IP.AsSpan(10), 0);
        var sum = InternetChecksum.Sum(IP) + InternetChecksum.Sum(IPExtra);
        BinaryPrimitives.WriteUInt16BigEndian(IP.AsSpan(10), IPChecksum ?? InternetChecksum.Finish(sum));
    }

    void FinishUdp()
    {
        BinaryPrimitives.WriteUInt16BigEndian(Udp.AsSpan(4), UdpLength ?? (ushort)DatagramLength);
        BinaryPrimitives.WriteUInt16BigEndian(Udp.AsSpan(6), 0);
        BinaryPrimitives.WriteUInt16BigEndian(Udp.AsSpan(6), UdpChecksum ?? RightUdpChecksum());
    }

    /// <summary>The checksum that goes with the UDP length in the header.</summary>
    internal ushort RightUdpChecksum()
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(Udp.AsSpan(4));
        var header = Udp.AsSpan(0, 6);
        var sum = InternetChecksum.Sum(IP.AsSpan(IsIPv6 ? 8 : 12)) + InternetChecksum.Sum(header) + InternetChecksum.Sum(Payload);
        var checksum = InternetChecksum.Finish(sum + length + FrameFormat.UdpProtocol);
        return checksum == 0 ? ushort.MaxValue : checksum;
    }
}

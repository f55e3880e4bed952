using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Capture;

/// <summary>
/// The frame of a recorded message, built anew from what the kernel program recorded of it: MAC addresses, VLAN ids, IP addresses, ports and
/// payload are the packet's own. What isn't recorded is made up: no IP options and no extension headers, a time to live of 64, everything
/// else 0. Lengths and checksums are right; of a datagram that isn't whole the UDP checksum is 0, as it can't be known.
/// </summary>
static class FrameImage
{
    const byte TimeToLive = 64;

    /// <summary>The length of all headers before the payload.</summary>
    internal static int HeaderLength(in PacketMetadata packet) => FrameFormat.EthernetHeaderLength
        + (packet.VlanCount * FrameFormat.VlanTagLength)
        + (packet.Source.IsIPv6 ? FrameFormat.IPv6HeaderLength : FrameFormat.IPv4HeaderLength)
        + FrameFormat.UdpHeaderLength;

    /// <summary>Writes a frame.</summary>
    /// <param name="frame">As long as the headers and the payload together.</param>
    /// <param name="packet">What is known of the packet.</param>
    /// <param name="payload">What is there of the UDP payload.</param>
    /// <param name="length">How long the UDP payload was.</param>
    internal static void Write(Span<byte> frame, in PacketMetadata packet, ReadOnlySpan<byte> payload, int length)
    {
        packet.DestinationMac.CopyTo(frame);
        packet.SourceMac.CopyTo(frame[MacAddress.Length..]);
        var rest = WriteTags(frame[(2 * MacAddress.Length)..], packet);
        BinaryPrimitives.WriteUInt16BigEndian(rest, packet.Source.IsIPv6 ? FrameFormat.EtherTypeIPv6 : FrameFormat.EtherTypeIPv4);
        var ip = rest[sizeof(ushort)..];
        var udpLength = (ushort)(FrameFormat.UdpHeaderLength + length);
        var (headerLength, addresses) = packet.Source.IsIPv6 ? WriteIPv6(ip, packet, udpLength) : WriteIPv4(ip, packet, udpLength);
        var udp = ip[headerLength..];
        payload.CopyTo(udp[FrameFormat.UdpHeaderLength..]);
        WriteUdp(udp, packet, udpLength, payload.Length == length ? InternetChecksum.Sum(ip[addresses..headerLength]) : null);
    }

    static Span<byte> WriteTags(Span<byte> rest, in PacketMetadata packet)
    {
        for (var i = 0; i < packet.VlanCount; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, i < packet.VlanCount - 1 ? FrameFormat.EtherTypeServiceVlan : FrameFormat.EtherTypeVlan);
            BinaryPrimitives.WriteUInt16BigEndian(rest[sizeof(ushort)..], i == 0 ? packet.OuterVlanId : packet.InnerVlanId);
            rest = rest[FrameFormat.VlanTagLength..];
        }

        return rest;
    }

    /// <returns>The header's length, and where its addresses begin.</returns>
    static (int Length, int Addresses) WriteIPv4(Span<byte> ip, in PacketMetadata packet, ushort udpLength)
    {
        const byte VersionAndLength = 0x45;
        const int Addresses = 12;
        var header = ip[..FrameFormat.IPv4HeaderLength];
        header.Clear();
        header[0] = VersionAndLength;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)Math.Min(FrameFormat.IPv4HeaderLength + udpLength, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], FrameFormat.IPv4DontFragment);
        header[8] = TimeToLive;
        header[9] = FrameFormat.UdpProtocol;
        BinaryPrimitives.WriteUInt32BigEndian(header[Addresses..], (uint)packet.Source.Bits);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], (uint)packet.Destination.Bits);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Finish(InternetChecksum.Sum(header)));
        return (FrameFormat.IPv4HeaderLength, Addresses);
    }

    /// <inheritdoc cref="WriteIPv4"/>
    static (int Length, int Addresses) WriteIPv6(Span<byte> ip, in PacketMetadata packet, ushort udpLength)
    {
        const uint Version = 6U << 28;
        const int Addresses = 8;
        BinaryPrimitives.WriteUInt32BigEndian(ip, Version);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], udpLength);
        ip[6] = FrameFormat.UdpProtocol;
        ip[7] = TimeToLive;
        BinaryPrimitives.WriteUInt128BigEndian(ip[Addresses..], packet.Source.Bits);
        BinaryPrimitives.WriteUInt128BigEndian(ip[24..], packet.Destination.Bits);
        return (FrameFormat.IPv6HeaderLength, Addresses);
    }

    static void WriteUdp(Span<byte> udp, in PacketMetadata packet, ushort udpLength, uint? addresses)
    {
        BinaryPrimitives.WriteUInt16BigEndian(udp, packet.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], packet.DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], udpLength);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], 0);
        if (addresses is { } sum)
        {
            var checksum = InternetChecksum.Finish(sum + FrameFormat.UdpProtocol + (ulong)udpLength + InternetChecksum.Sum(udp[..udpLength]));
            BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum); // 0 would mean "none" (RFC 768)
        }
    }
}

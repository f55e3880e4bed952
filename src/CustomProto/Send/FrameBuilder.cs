using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// Writes whole frames: Ethernet, VLAN tags, IPv4 (RFC 791) or IPv6 (RFC 8200), UDP (RFC 768), payload. Both checksums are computed
/// here. Immutable; nothing is allocated per frame.
/// </summary>
/// <remarks>IPv4 packets have the flag Don't Fragment, IPv6 packets no extension headers and the flow label 0.</remarks>
sealed class FrameBuilder
{
    internal const int EthernetHeaderLength = FrameFormat.EthernetHeaderLength;
    internal const int VlanTagLength = FrameFormat.VlanTagLength;
    internal const int IPv4HeaderLength = FrameFormat.IPv4HeaderLength;
    internal const int IPv6HeaderLength = FrameFormat.IPv6HeaderLength;
    internal const int UdpHeaderLength = FrameFormat.UdpHeaderLength;

    const byte UdpProtocol = FrameFormat.UdpProtocol;

    /// <summary>All headers, with lengths, identification and checksums 0.</summary>
    readonly byte[] _template;

    readonly int _ipOffset;
    readonly int _udpOffset;
    readonly bool _isIPv6;

    /// <summary>The sum over the template's IPv4 header.</summary>
    readonly uint _ipSum;

    /// <summary>The sum over the pseudo header's addresses and protocol, and over the ports.</summary>
    readonly uint _udpSum;

    internal FrameBuilder(in FrameHeaders headers)
    {
        var tags = headers.VlanId?.Count ?? 0;
        _isIPv6 = headers.Destination.IsIPv6;
        _ipOffset = EthernetHeaderLength + (tags * VlanTagLength);
        _udpOffset = _ipOffset + (_isIPv6 ? IPv6HeaderLength : IPv4HeaderLength + headers.IPOptionLength);
        _template = new byte[_udpOffset + UdpHeaderLength];

        WriteEthernet(_template, headers, tags);
        var ip = _template.AsSpan(_ipOffset.._udpOffset);
        if (_isIPv6)
        {
            WriteIPv6(ip, headers);
        }
        else
        {
            WriteIPv4(ip, headers);
            _ipSum = InternetChecksum.Sum(ip);
        }

        var udp = _template.AsSpan(_udpOffset);
        BinaryPrimitives.WriteUInt16BigEndian(udp, checked((ushort)headers.SourcePort));
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], checked((ushort)headers.DestinationPort));
        _udpSum = InternetChecksum.Sum(_isIPv6 ? ip[8..] : ip[12..IPv4HeaderLength]) + InternetChecksum.Sum(udp) + UdpProtocol;
    }

    /// <summary>Where the IP header is.</summary>
    internal int IPOffset => _ipOffset;

    /// <summary>Where the UDP header is.</summary>
    internal int UdpOffset => _udpOffset;

    /// <summary>Whether packets are IPv6.</summary>
    internal bool IsIPv6 => _isIPv6;

    /// <summary>The length of all headers before the payload.</summary>
    internal int HeaderLength => _template.Length;

    /// <summary>Writes a frame.</summary>
    /// <param name="frame">At least <see cref="HeaderLength"/> and the payload's length.</param>
    /// <param name="payload">The UDP payload.</param>
    /// <param name="identification">The IPv4 identification; receivers ignore it where nothing is fragmented (RFC 6864).</param>
    /// <returns>The frame's length.</returns>
    /// <exception cref="OverflowException">The payload is longer than IP can carry.</exception>
    internal int Build(Span<byte> frame, ReadOnlySpan<byte> payload, ushort identification)
    {
        _template.CopyTo(frame);
        var length = checked((ushort)(UdpHeaderLength + payload.Length));
        if (_isIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame[(_ipOffset + 4)..], length);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame[(_ipOffset + 2)..], checked((ushort)(_udpOffset - _ipOffset + length)));
            SetIdentification(frame, identification);
        }

        // The length counts twice: in the pseudo header and in the header.
        var udp = frame[_udpOffset..];
        var checksum = InternetChecksum.Finish(_udpSum + (2U * length) + InternetChecksum.Sum(payload));
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], length);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum); // 0 would mean "none" (RFC 768)
        payload.CopyTo(udp[UdpHeaderLength..]);
        return HeaderLength + payload.Length;
    }

    /// <summary>Changes the IPv4 identification of a frame that <see cref="Build"/> wrote; IPv6 has none.</summary>
    internal void SetIdentification(Span<byte> frame, ushort identification)
    {
        if (!_isIPv6)
        {
            var ip = frame.Slice(_ipOffset, IPv4HeaderLength);
            var length = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], identification);
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Finish(_ipSum + length + identification));
        }
    }

    static void WriteEthernet(Span<byte> frame, in FrameHeaders headers, int tags)
    {
        headers.DestinationMac.CopyTo(frame);
        headers.SourceMac.CopyTo(frame[MacAddress.Length..]);
        var rest = frame[(2 * MacAddress.Length)..];
        for (var i = 0; i < tags; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, i < tags - 1 ? FrameFormat.EtherTypeServiceVlan : FrameFormat.EtherTypeVlan);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], checked((ushort)headers.VlanId![i]));
            rest = rest[VlanTagLength..];
        }

        BinaryPrimitives.WriteUInt16BigEndian(rest, headers.Destination.IsIPv6 ? FrameFormat.EtherTypeIPv6 : FrameFormat.EtherTypeIPv4);
    }

    static void WriteIPv4(Span<byte> ip, in FrameHeaders headers)
    {
        const byte Version = 4 << 4;
        ip[0] = (byte)(Version | (ip.Length / 4));
        ip[1] = checked((byte)(headers.Dscp << 2));
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], FrameFormat.IPv4DontFragment);
        ip[8] = checked((byte)headers.Ttl);
        ip[9] = UdpProtocol;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)headers.Source.Bits);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)headers.Destination.Bits);
        for (var i = 0; i < headers.IPOption.Count; i++)
        {
            ip[IPv4HeaderLength + i] = headers.IPOption[i];
        }
    }

    static void WriteIPv6(Span<byte> ip, in FrameHeaders headers)
    {
        const uint Version = 6U << 28;
        BinaryPrimitives.WriteUInt32BigEndian(ip, Version | ((uint)headers.Dscp << 22));
        ip[6] = UdpProtocol;
        ip[7] = checked((byte)headers.Ttl);
        BinaryPrimitives.WriteUInt128BigEndian(ip[8..], headers.Source.Bits);
        BinaryPrimitives.WriteUInt128BigEndian(ip[24..], headers.Destination.Bits);
    }
}

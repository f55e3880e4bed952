using System.Globalization;

namespace CustomProto.Send;

/// <summary>How much data fits into a packet. An MTU counts from the IP header, without Ethernet header and VLAN tags.</summary>
/// <param name="IsIPv6">Whether it goes over IPv6.</param>
/// <param name="ProtocolHeaderSize">The length of the protocol's header, which comes before the data in the UDP payload.</param>
/// <param name="Mtu">The longest IP packet, in bytes.</param>
/// <param name="Carrier">What sets the MTU, as the subject of a sentence.</param>
/// <param name="Hint">What to do about the MTU, besides sending less.</param>
readonly record struct PacketLimits(bool IsIPv6, int ProtocolHeaderSize, int Mtu, string Carrier, string Hint)
{
    /// <summary>The length of the IPv4 options.</summary>
    internal int IPOptionLength { get; init; }

    /// <summary>Whether a datagram longer than the MTU is sent in fragments.</summary>
    internal bool MayFragment { get; init; }

    /// <summary>Whether what sends has no way to ask for fragments.</summary>
    internal bool NeverFragments { get; init; }

    /// <summary>The length of the IP and UDP headers.</summary>
    internal int HeaderLength =>
        FrameBuilder.UdpHeaderLength + (IsIPv6 ? FrameBuilder.IPv6HeaderLength : FrameBuilder.IPv4HeaderLength + IPOptionLength);

    /// <summary>The most data that IP can carry: its length field counts the IPv4 header, but not the IPv6 header.</summary>
    internal int MaxDataLengthOfIp => ushort.MaxValue - ProtocolHeaderSize - (IsIPv6 ? FrameBuilder.UdpHeaderLength : HeaderLength);

    /// <summary>The most data that fits; 0 also where not even the protocol's header does.</summary>
    internal int MaxDataLength => Math.Max(0, MayFragment ? MaxDataLengthOfIp : Math.Min(MaxDataLengthOfIp, Mtu - HeaderLength - ProtocolHeaderSize));

    /// <summary>Throws if a UDP payload doesn't fit.</summary>
    /// <exception cref="CustomProtoException">
    /// It doesn't (<see cref="FailureKind.LimitExceeded"/>, DataTooLong or DataExceedsMtu).
    /// </exception>
    internal void Check(int payloadLength)
    {
        var data = payloadLength - ProtocolHeaderSize;
        if (data > MaxDataLengthOfIp)
        {
            var version = IsIPv6 ? "IPv6" : IPOptionLength == 0 ? "IPv4" : "IPv4 with these options";
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "DataTooLong",
                Invariant($"{data:N0} bytes of data are too many for a UDP datagram over {version}: at most {MaxDataLengthOfIp:N0} fit."),
                "Split the data into several messages.",
                data);
        }

        var packet = payloadLength + HeaderLength;
        if (packet > Mtu && !MayFragment)
        {
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "DataExceedsMtu",
                Invariant($"{data:N0} bytes of data need a packet of {packet:N0} bytes, but {Carrier} carries {Mtu:N0}: ")
                    + Invariant($"at most {MaxDataLength:N0} bytes of data fit."),
                $"Send less in a message{(NeverFragments ? "" : ", have it sent in fragments (-Fragment)")}, or {Hint}.",
                data);
        }
    }

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

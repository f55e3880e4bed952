using CustomProto.Send;

namespace CustomProto.Tests.Send;

public sealed class PacketLimitsTests
{
    [Theory]
    [InlineData(false, 1500, 1466)]
    [InlineData(true, 1500, 1446)]
    [InlineData(false, 9000, 8966)]
    [InlineData(true, 1280, 1226)]
    [InlineData(false, 65535, 65501)]
    [InlineData(false, 65536, 65501)]
    [InlineData(true, 65536, 65482)]
    [InlineData(true, 65575, 65521)]
    [InlineData(true, 100000, 65521)]
    [InlineData(false, 68, 34)]
    [InlineData(false, 34, 0)]
    [InlineData(false, 33, 0)]
    public void The_MTU_leaves_so_much_data(bool isIPv6, int mtu, int expected) =>
        Assert.Equal(expected, Limits(isIPv6, mtu).MaxDataLength);

    [Fact]
    public void A_longer_protocol_header_leaves_less() =>
        Assert.Equal(1466 - 58, (Limits(isIPv6: false, 1500) with { ProtocolHeaderSize = 64 }).MaxDataLength);

    [Theory]
    [InlineData(false, 1500)]
    [InlineData(true, 1500)]
    [InlineData(false, 65536)]
    [InlineData(true, 65576)]
    public void The_most_that_fits_passes_and_one_more_does_not(bool isIPv6, int mtu)
    {
        var limits = Limits(isIPv6, mtu);
        var most = limits.ProtocolHeaderSize + limits.MaxDataLength;

        limits.Check(most);

        Assert.Equal(FailureKind.LimitExceeded, Assert.Throws<CustomProtoException>(() => limits.Check(most + 1)).Kind);
    }

    [Fact]
    public void The_message_has_the_numbers()
    {
        var exception = Assert.Throws<CustomProtoException>(() => Limits(isIPv6: false, 1500).Check(6 + 1473));

        Assert.Equal("DataExceedsMtu", exception.ErrorId);
        Assert.StartsWith(
            "1,473 bytes of data need a packet of 1,507 bytes, but 'eth0' carries 1,500: at most 1,466 bytes of data fit.",
            exception.Message,
            StringComparison.Ordinal);
        Assert.Equal("Send less in a message, have it sent in fragments (-Fragment), or raise the MTU.", exception.Hint);
    }

    [Fact]
    public void What_never_fragments_is_not_told_to()
    {
        var limits = Limits(isIPv6: false, 1500) with { NeverFragments = true };

        Assert.Equal("Send less in a message, or raise the MTU.", Assert.Throws<CustomProtoException>(() => limits.Check(6 + 1473)).Hint);
    }

    [Theory]
    [InlineData(false, "65,502 bytes of data are too many for a UDP datagram over IPv4: at most 65,501 fit.")]
    [InlineData(true, "65,522 bytes of data are too many for a UDP datagram over IPv6: at most 65,521 fit.")]
    public void What_IP_cannot_carry_is_refused_whatever_the_MTU(bool isIPv6, string expected)
    {
        var limits = Limits(isIPv6, mtu: 1500);

        var exception = Assert.Throws<CustomProtoException>(() => limits.Check(6 + limits.MaxDataLengthOfIp + 1));

        Assert.Equal("DataTooLong", exception.ErrorId);
        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    static PacketLimits Limits(bool isIPv6, int mtu) => new(isIPv6, ProtocolHeaderSize: 6, mtu, "'eth0'", "raise the MTU");
}

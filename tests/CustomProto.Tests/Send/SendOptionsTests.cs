using System.Net;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>What is refused before the network is looked at.</summary>
public sealed class SendOptionsTests
{
    static readonly IPAddress s_ipv6 = IPAddress.Parse("2001:db8::2");
    static readonly SendOptions s_valid = new() { Destination = IPAddress.Parse("192.0.2.2") };

    public static TheoryData<string, SendOptions> Wrong => new()
    {
        { "AddressFamilyMismatch", s_valid with { SourceAddress = IPAddress.Parse("2001:db8::1") } },
        { "AddressFamilyMismatch", s_valid with { Destination = s_ipv6, SourceAddress = IPAddress.Parse("192.0.2.1") } },
        { "UnspecifiedDestination", s_valid with { Destination = IPAddress.Any } },
        { "UnspecifiedDestination", s_valid with { Destination = IPAddress.IPv6Any } },
        { "InterfaceMissing", s_valid with { Destination = IPAddress.Parse("fe80::2") } },
        { "InterfaceMissing", s_valid with { Destination = IPAddress.Parse("ff02::1") } },
        { "TooManyVlanTags", s_valid with { VlanId = [1, 2, 3] } },
        { "VlanIdOutOfRange", s_valid with { VlanId = [4095] } },
        { "VlanIdOutOfRange", s_valid with { VlanId = [1, -1] } },
        { "PortOutOfRange", s_valid with { DestinationPort = 0 } },
        { "PortOutOfRange", s_valid with { DestinationPort = 65536 } },
        { "PortOutOfRange", s_valid with { SourcePort = -1 } },
        { "PortOutOfRange", s_valid with { SourcePort = 65536 } },
        { "TtlOutOfRange", s_valid with { Ttl = 0 } },
        { "TtlOutOfRange", s_valid with { Ttl = 256 } },
        { "DscpOutOfRange", s_valid with { Dscp = -1 } },
        { "DscpOutOfRange", s_valid with { Dscp = 64 } },
    };

    public static TheoryData<SendOptions> Right => new()
    {
        s_valid,
        s_valid with { SourceAddress = IPAddress.Parse("::ffff:192.0.2.1") },
        s_valid with { Destination = IPAddress.Parse("fe80::2%1") },
        s_valid with { Destination = IPAddress.Parse("fe80::2"), Interface = "eth0" },
        s_valid with { Destination = IPAddress.Parse("ff05::2") },
        s_valid with { VlanId = [0, 4094] },
        s_valid with { DestinationPort = 65535, SourcePort = 65535, Ttl = 255, Dscp = 63 },
        s_valid with { DestinationPort = 1, SourcePort = 0, Ttl = 1, Dscp = 0 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_be_used_is_refused_with_advice(string errorId, SendOptions options)
    {
        var exception = Assert.Throws<CustomProtoException>(() => SendOptionsCheck.Check(options));

        Assert.Equal(errorId, exception.ErrorId);
        Assert.Equal(FailureKind.InvalidArgument, exception.Kind);
        Assert.EndsWith(".", exception.Hint, StringComparison.Ordinal);
        Assert.NotNull(exception.Target);
    }

    [Theory]
    [MemberData(nameof(Right))]
    public void What_can_be_used_passes(SendOptions options) => Assert.NotNull(SendOptionsCheck.Check(options));

    [Fact]
    public void Mapped_addresses_become_IPv4()
    {
        var options = SendOptionsCheck.Check(new SendOptions
        {
            Destination = IPAddress.Parse("::ffff:192.0.2.2"),
            SourceAddress = IPAddress.Parse("::ffff:192.0.2.1"),
        });

        Assert.Equal(IPAddress.Parse("192.0.2.2"), options.Destination);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), options.SourceAddress);
    }
}

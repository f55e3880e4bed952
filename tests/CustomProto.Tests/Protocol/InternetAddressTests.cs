using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class InternetAddressTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("192.0.2.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("2001:db8::ff00:42:8329")]
    [InlineData("::ffff:192.0.2.1")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void An_address_comes_back_as_it_was(string text)
    {
        var address = IPAddress.Parse(text);

        var taken = InternetAddress.From(address);

        Assert.Equal(address, taken.ToIPAddress());
        Assert.Equal(text, taken.ToString());
        Assert.Equal(taken, InternetAddress.From(address.GetAddressBytes(), taken.IsIPv6));
    }

    [Fact]
    public void Of_a_longer_buffer_only_the_addresss_bytes_are_read()
    {
        var bytes = Enumerable.Range(1, 20).Select(value => (byte)value).ToArray();

        Assert.Equal("1.2.3.4", InternetAddress.From(bytes, isIPv6: false).ToString());
        Assert.Equal("102:304:506:708:90a:b0c:d0e:f10", InternetAddress.From(bytes, isIPv6: true).ToString());
    }

    [Fact]
    public void Too_few_bytes_are_the_callers_mistake()
    {
        Assert.ThrowsAny<ArgumentException>(() => InternetAddress.From(new byte[3], isIPv6: false));
        Assert.ThrowsAny<ArgumentException>(() => InternetAddress.From(new byte[15], isIPv6: true));
    }

    [Fact]
    public void IPv4_and_IPv6_with_the_same_bits_are_not_the_same() =>
        Assert.NotEqual(InternetAddress.From(IPAddress.Parse("0.0.0.1")), InternetAddress.From(IPAddress.Parse("::1")));

    [Fact]
    public void A_scope_is_left_out() =>
        Assert.Equal(InternetAddress.From(IPAddress.Parse("fe80::1")), InternetAddress.From(IPAddress.Parse("fe80::1%3")));
}

using System.Net;
using CustomProto.Net;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Tests.Net;

public sealed class RouteTests
{
    [Fact]
    public void A_recorded_route_to_a_gateway_is_read()
    {
        var destination = IPAddress.Parse("203.0.113.9");

        var route = Route.Parse(Damage.Body(Recordings.RouteToGateway), destination, null);

        Assert.Equal((RouteKind.Unicast, 3, 1400), (route.Kind, route.InterfaceIndex, route.Mtu));
        Assert.Equal(destination, route.Destination);
        Assert.Equal(IPAddress.Parse("192.0.2.254"), route.Gateway);
        Assert.Equal(route.Gateway, route.NextHop);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), route.PreferredSource);
    }

    [Fact]
    public void A_recorded_route_over_ipv6_to_an_ipv4_address_is_read()
    {
        var route = Route.Parse(Damage.Body(Recordings.RouteVia), IPAddress.Parse("198.51.100.9"), null);

        Assert.Equal(IPAddress.Parse("fe80::9%3"), route.NextHop);
        Assert.Null(route.Mtu);
    }

    [Fact]
    public void A_recorded_ipv6_route_is_read()
    {
        var route = Route.Parse(Damage.Body(Recordings.RouteIPv6), IPAddress.Parse("2001:db8:1::9"), null);

        Assert.Equal(IPAddress.Parse("fe80::9%3"), route.Gateway);
        Assert.Equal(IPAddress.Parse("2001:db8::1"), route.PreferredSource);
        Assert.Equal(1300, route.Mtu);
    }

    [Fact]
    public void Without_a_gateway_the_next_hop_is_the_destination()
    {
        var destination = IPAddress.Parse("192.0.2.9");
        var source = IPAddress.Parse("192.0.2.1");
        var writer = new NetlinkMessageWriter(new byte[128], RTM_NEWROUTE);
        writer.Append(new RouteMessage { Kind = (byte)RouteKind.Multicast });
        writer.Attribute(RTA_OIF, 4);

        var route = Route.Parse(Damage.Body(writer.Complete(0, 0).ToArray()), destination, source);

        Assert.Equal((destination, source, RouteKind.Multicast), (route.NextHop, route.PreferredSource, route.Kind));
    }

    [Fact]
    public void A_route_without_an_interface_is_invalid_data()
    {
        var failure = Assert.Throws<CustomProtoException>(() => Route.Parse(new byte[12], IPAddress.Loopback, null));

        Assert.Equal(FailureKind.InvalidData, failure.Kind);
    }

    [Fact]
    public void No_damage_does_more_than_fail()
    {
        foreach (var recording in (byte[][])[Recordings.RouteToGateway, Recordings.RouteVia, Recordings.RouteIPv6])
        {
            Damage.ForEach(Damage.Body(recording), body => Route.Parse(body, IPAddress.Loopback, null));
        }
    }
}

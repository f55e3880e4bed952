using System.Net;
using CustomProto.Net;

namespace CustomProto.KernelTests.Net;

[Collection(KernelSuite.Name)]
public sealed class RoutesTests : IDisposable
{
    readonly TestNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [KernelTheory]
    [InlineData("192.0.2.2", "192.0.2.1")]
    [InlineData("2001:db8::2", "2001:db8::1")]
    public void A_host_on_the_link_is_its_own_next_hop(string destination, string source)
    {
        var route = Find(destination);

        Assert.Equal((RouteKind.Unicast, Veth0, null), (route.Kind, route.InterfaceIndex, route.Gateway));
        Assert.Equal(IPAddress.Parse(destination), route.NextHop);
        Assert.Equal(IPAddress.Parse(source), route.PreferredSource);
        Assert.Null(route.Mtu);
    }

    [KernelTheory]
    [InlineData("203.0.113.0/24", "192.0.2.254", "203.0.113.9", "192.0.2.77/32")]
    [InlineData("2001:db8:1::/64", "2001:db8::fe", "2001:db8:1::9", "2001:db8::77/128 nodad")]
    public void A_route_names_its_gateway_source_and_mtu(string prefix, string gateway, string destination, string address)
    {
        var source = address.Split('/')[0];
        _network.Ip(TestNetwork.Left, $"address add {address} dev veth0");
        _network.Ip(TestNetwork.Left, $"route add {prefix} via {gateway} src {source} mtu 1400");

        var route = Find(destination);

        Assert.Equal(IPAddress.Parse(gateway), route.Gateway);
        Assert.Equal(route.Gateway, route.NextHop);
        Assert.Equal(IPAddress.Parse(source), route.PreferredSource);
        Assert.Equal((1400, Veth0), (route.Mtu, route.InterfaceIndex));
    }

    [KernelFact]
    public void A_link_local_gateway_has_the_interface_as_its_scope()
    {
        _network.Ip(TestNetwork.Left, "-6 route add default via fe80::2 dev veth0");

        Assert.Equal(IPAddress.Parse($"fe80::2%{Veth0}"), Find("2001:db8:ffff::1").NextHop);
    }

    [KernelFact]
    public void An_ipv4_destination_may_have_an_ipv6_next_hop()
    {
        _network.Ip(TestNetwork.Left, "route add 198.51.100.0/24 via inet6 fe80::2 dev veth0");

        var route = Find("198.51.100.9");

        Assert.Equal(IPAddress.Parse($"fe80::2%{Veth0}"), route.NextHop);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), route.PreferredSource);
    }

    [KernelTheory]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void An_address_of_this_host_is_local_and_goes_over_loopback(string destination)
    {
        var route = Find(destination);

        Assert.Equal((RouteKind.Local, 1), (route.Kind, route.InterfaceIndex));
    }

    [KernelTheory]
    [InlineData("192.0.2.255", RouteKind.Broadcast)]
    [InlineData("224.0.0.251", RouteKind.Multicast)]
    [InlineData("ff02::fb", RouteKind.Multicast)]
    public void Groups_are_told_apart(string destination, RouteKind kind)
    {
        var route = _network.Run(TestNetwork.Left, () => Routes.Find(IPAddress.Parse(destination), null, Veth0));

        Assert.Equal((kind, Veth0), (route.Kind, route.InterfaceIndex));
    }

    [KernelFact]
    public void A_scope_settles_the_interface()
    {
        _network.Ip(TestNetwork.Left, "link add other type veth peer name another");
        _network.Ip(TestNetwork.Left, "link set dev another up");
        _network.Ip(TestNetwork.Left, "link set dev other up");
        _network.Ip(TestNetwork.Left, "address add fe80::7/64 dev other nodad");
        var other = _network.Run(TestNetwork.Left, () => NetworkLinks.Get("other").Index);

        Assert.Equal(Veth0, Find($"fe80::2%{Veth0}").InterfaceIndex);
        Assert.Equal(other, Find($"fe80::2%{other}").InterfaceIndex);
    }

    [KernelTheory]
    [InlineData("192.0.2.2", "192.0.2.1")]
    [InlineData("2001:db8::2", "2001:db8::1")]
    public void A_source_that_is_settled_stays(string destination, string source)
    {
        var route = _network.Run(TestNetwork.Left, () => Routes.Find(IPAddress.Parse(destination), IPAddress.Parse(source)));

        Assert.Equal(IPAddress.Parse(source), route.PreferredSource);
    }

    [KernelTheory]
    [InlineData("203.0.113.9")]
    [InlineData("2001:db8:ffff::9")]
    public void Without_a_route_there_is_one_clear_error(string destination)
    {
        var failure = Assert.Throws<NativeException>(() => Find(destination));

        Assert.Equal((FailureKind.Unreachable, "QueryNetworkFailed"), (failure.Kind, failure.ErrorId));
        Assert.Equal(
            $"Cannot look up the route to {destination}: Network is unreachable (ENETUNREACH). "
            + $"There is no route to it; ip route get {destination} shows what the kernel knows.",
            failure.Message);
    }

    [KernelTheory]
    [InlineData("blackhole", "203.0.113.0/24", "203.0.113.9")]
    [InlineData("prohibit", "203.0.113.0/24", "203.0.113.9")]
    [InlineData("unreachable", "203.0.113.0/24", "203.0.113.9")]
    [InlineData("blackhole", "2001:db8:1::/64", "2001:db8:1::9")]
    [InlineData("prohibit", "2001:db8:1::/64", "2001:db8:1::9")]
    [InlineData("unreachable", "2001:db8:1::/64", "2001:db8:1::9")]
    public void A_route_that_forbids_makes_the_destination_unreachable(string kind, string prefix, string destination)
    {
        _network.Ip(TestNetwork.Left, $"route add {kind} {prefix}");

        Assert.Equal(FailureKind.Unreachable, Assert.Throws<NativeException>(() => Find(destination)).Kind);
    }

    [KernelTheory]
    [InlineData("192.0.2.2")]
    [InlineData("2001:db8::2")]
    public void An_unknown_interface_is_said_to_be_one(string destination)
    {
        var failure = Assert.Throws<CustomProtoException>(
            () => _network.Run(TestNetwork.Left, () => Routes.Find(IPAddress.Parse(destination), null, 4711)));

        Assert.Equal((FailureKind.NotFound, "InterfaceNotFound"), (failure.Kind, failure.ErrorId));
    }

    int Veth0 => _network.Run(TestNetwork.Left, () => NetworkLinks.Get("veth0").Index);

    Route Find(string destination) => _network.Run(TestNetwork.Left, () => Routes.Find(IPAddress.Parse(destination)));
}

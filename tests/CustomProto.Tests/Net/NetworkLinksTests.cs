using System.Net;
using CustomProto.Net;

namespace CustomProto.Tests.Net;

/// <summary>Questions to this machine's kernel that need no privilege.</summary>
public sealed class NetworkLinksTests
{
    [Fact]
    public void Loopback_is_there()
    {
        var link = NetworkLinks.Get("lo");

        Assert.Equal(("lo", true, true), (link.Name, link.IsLoopback, link.HasEthernetHeader));
        Assert.Equal(link.Index, NetworkLinks.Get(link.Index).Index);
        Assert.Contains(NetworkLinks.List(), other => other.Name == "lo");
    }

    [Fact]
    public void An_unknown_name_is_an_error_that_lists_the_known_ones()
    {
        var failure = Assert.Throws<CustomProtoException>(() => NetworkLinks.Get("nosuch0"));

        Assert.Equal((FailureKind.NotFound, "InterfaceNotFound", "nosuch0"), (failure.Kind, failure.ErrorId, failure.Target));
        Assert.StartsWith(
            "There is no network interface 'nosuch0' in this network namespace. These are there: lo",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_index_is_an_error()
    {
        var failure = Assert.Throws<CustomProtoException>(() => NetworkLinks.Get(int.MaxValue));

        Assert.Equal((FailureKind.NotFound, "InterfaceNotFound"), (failure.Kind, failure.ErrorId));
        Assert.False(NetworkLinks.TryGet(0, out _));
        Assert.False(NetworkLinks.TryGet(-1, out _));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(4000)]
    public void A_name_of_any_length_may_be_asked_for(int length) => Assert.False(NetworkLinks.TryGet(new string('x', length), out _));

    [Fact]
    public void A_name_with_a_zero_character_is_not_the_part_before_it() => Assert.False(NetworkLinks.TryGet("lo\0x", out _));

    [Fact]
    public void The_route_to_this_host_is_local()
    {
        var route = Routes.Find(IPAddress.Loopback);

        Assert.Equal((RouteKind.Local, NetworkLinks.Get("lo").Index), (route.Kind, route.InterfaceIndex));
        Assert.Equal(IPAddress.Loopback, Routes.Find(IPAddress.Loopback.MapToIPv6()).Destination);
    }

    [Fact]
    public void Addresses_of_two_families_are_refused() =>
        Assert.Throws<ArgumentException>(() => Routes.Find(IPAddress.Loopback, IPAddress.IPv6Loopback));

    [Fact]
    public void A_scope_that_contradicts_the_interface_is_refused() =>
        Assert.Throws<ArgumentException>(() => Routes.Find(IPAddress.Parse("fe80::1%7"), null, 8));
}

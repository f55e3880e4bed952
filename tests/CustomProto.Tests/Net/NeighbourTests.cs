using System.Net;
using CustomProto.Net;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Tests.Net;

public sealed class NeighbourTests
{
    static readonly MacAddress s_address = MacAddress.Parse("02:00:00:00:00:02");

    [Fact]
    public void A_recorded_neighbour_is_read()
    {
        var neighbour = Neighbour.Parse(Damage.Body(Recordings.Neighbour));

        Assert.Equal(new Neighbour(3, IPAddress.Parse("192.0.2.2"), NUD_PERMANENT, s_address), neighbour);
    }

    [Theory]
    [InlineData(NUD_PERMANENT, true)]
    [InlineData(NUD_NOARP, true)]
    [InlineData(NUD_REACHABLE, true)]
    [InlineData(NUD_STALE, true)]
    [InlineData(NUD_DELAY, true)]
    [InlineData(NUD_PROBE, true)]
    [InlineData(NUD_INCOMPLETE, false)]
    [InlineData(NUD_FAILED, false)]
    [InlineData(0, false)]
    public void An_address_is_usable_in_the_states_in_which_the_kernel_uses_it(int state, bool isUsable)
    {
        var neighbour = new Neighbour(1, IPAddress.Loopback, (ushort)state, s_address);

        Assert.Equal(isUsable ? s_address : null, neighbour.UsableAddress);
        Assert.Null((neighbour with { Address = null }).UsableAddress);
        Assert.Equal(state == NUD_FAILED, neighbour.HasFailed);
    }

    [Fact]
    public void No_damage_does_more_than_fail() =>
        Damage.ForEach(Damage.Body(Recordings.Neighbour), body => Neighbour.Parse(body));

    [Theory]
    [InlineData("224.0.0.251", "01:00:5e:00:00:fb")]
    [InlineData("239.255.1.2", "01:00:5e:7f:01:02")] // 23 of the 28 bits: RFC 1112, section 6.4
    [InlineData("255.255.255.255", "ff:ff:ff:ff:ff:ff")]
    [InlineData("ff02::1:ff00:9", "33:33:ff:00:00:09")] // RFC 2464, section 7
    [InlineData("192.0.2.255", null)] // whether that is a broadcast address only the routes know
    [InlineData("240.0.0.1", null)]
    [InlineData("2001:db8::ff02", null)]
    public void Groups_map_to_their_addresses(string address, string? expected) =>
        Assert.Equal(expected, Neighbours.MapGroup(IPAddress.Parse(address))?.ToString());

    [Fact]
    public void Groups_need_no_question_to_the_kernel()
    {
        var link = new NetworkLink { Index = int.MaxValue, Name = "none", HardwareType = ARPHRD_ETHER };

        var address = Neighbours.Resolve(link, IPAddress.Parse("224.0.0.1"), TimeSpan.Zero);

        Assert.Equal("01:00:5e:00:00:01", address.ToString());
    }

    [Fact]
    public void Loopback_has_the_zero_address() =>
        Assert.True(Neighbours.Resolve(NetworkLinks.Get("lo"), IPAddress.Loopback, TimeSpan.Zero).IsZero);

    [Fact]
    public void An_interface_without_ethernet_headers_is_refused()
    {
        var link = new NetworkLink { Index = 9, Name = "tun0", HardwareType = 65534 };

        var failure = Assert.Throws<CustomProtoException>(() => Neighbours.Resolve(link, IPAddress.Parse("192.0.2.1"), TimeSpan.Zero));

        Assert.Equal((FailureKind.Unsupported, "NoEthernetHeader"), (failure.Kind, failure.ErrorId));
        Assert.StartsWith("Packets on 'tun0' have no Ethernet header (hardware type 65534).", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_negative_time_out_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() =>
        Neighbours.Resolve(NetworkLinks.Get("lo"), IPAddress.Loopback, TimeSpan.FromSeconds(-2)));

    [Fact]
    public void A_cancelled_token_ends_it_before_it_begins() => Assert.Throws<OperationCanceledException>(() =>
        Neighbours.Resolve(NetworkLinks.Get("lo"), IPAddress.Loopback, TimeSpan.Zero, new CancellationToken(canceled: true)));
}

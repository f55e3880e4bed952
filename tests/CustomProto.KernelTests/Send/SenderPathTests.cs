using System.Net;
using CustomProto.Native;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>The way to the receiver, what bars it, and the choice of the transport.</summary>
[Collection(KernelSuite.Name)]
public sealed class SenderPathTests
{
    static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50);

    [KernelTheory]
    [InlineData(Transport.Raw, "198.51.100.2", "ip.ttl")]
    [InlineData(Transport.Udp, "198.51.100.2", "ip.ttl")]
    [InlineData(Transport.Raw, "2001:db8:2::2", "ipv6.hlim")]
    [InlineData(Transport.Udp, "2001:db8:2::2", "ipv6.hlim")]
    public void A_router_forwards_to_another_network(Transport transport, string far, string ttlField)
    {
        using var network = CreateRoutedNetwork();
        network.Execute(TestNetwork.Left, "ethtool", "-K veth0 tx off");
        using var capture = new PacketCapture(network, host: 2, "far1", 1, $"udp port {SendTest.Port}");

        var result = SendTest.Send(network, new SendOptions { Destination = IPAddress.Parse(far), Transport = transport }, 100);

        var packet = Assert.Single(capture.Read());
        SendTest.AssertCarries(packet, 100);
        Assert.Equal("63", packet[ttlField]);
        Assert.Equal("veth0", result.Interface);
    }

    [KernelTheory]
    [InlineData(Transport.Raw)]
    [InlineData(Transport.Udp)]
    public void Link_local_addresses_have_a_scope(Transport transport)
    {
        using var network = SendTest.CreateNetwork();
        network.Execute(TestNetwork.Left, "ethtool", "-K veth0 tx off");
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 2, $"udp port {SendTest.Port}");
        var right = IPAddress.Parse(TestNetwork.LinkLocal(TestNetwork.Right));
        var options = new SendOptions { Destination = right, Interface = "veth0", Transport = transport };

        var byInterface = SendTest.Send(network, options, 8);
        var byScope = SendTest.Send(network, options with { Interface = null, Destination = byInterface.Destination }, 8);

        Assert.All(capture.Read(), packet => SendTest.AssertCarries(packet, 8));
        Assert.NotEqual(0, byInterface.Destination.ScopeId);
        Assert.Equal("veth0", byScope.Interface);
        Assert.StartsWith($"{TestNetwork.LinkLocal(TestNetwork.Left)}%", byScope.SourceAddress.ToString(), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(false, Transport.Raw)]
    [InlineData(true, Transport.Raw)]
    [InlineData(false, Transport.Udp)]
    [InlineData(true, Transport.Udp)]
    public void A_silent_neighbour_is_an_error_and_nothing_is_sent(bool ipv6, Transport transport)
    {
        using var network = SendTest.CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1, "udp");
        var silent = new SendOptions
        {
            Destination = IPAddress.Parse(ipv6 ? "2001:db8::77" : "192.0.2.77"),
            Transport = transport,
            NeighbourTimeout = s_short,
        };

        var exception = SendTest.Fails<CustomProtoException>(network, silent);

        Assert.Equal((FailureKind.Unreachable, "NeighbourUnresolved"), (exception.Kind, exception.ErrorId));

        // The first datagram to arrive is one that was sent afterwards.
        SendTest.Send(network, SendTest.ToRight(), 33);
        SendTest.AssertCarries(Assert.Single(capture.Read()), 33);
    }

    [KernelFact]
    public void What_bars_the_way_is_said()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        var options = SendTest.ToRight();

        var noRoute = SendTest.Fails<NativeException>(network, options with { Destination = IPAddress.Parse("203.0.113.1") });
        network.Ip(TestNetwork.Left, "route add blackhole 203.0.113.0/24");
        var blackhole = SendTest.Fails<NativeException>(network, options with { Destination = IPAddress.Parse("203.0.113.1") });
        var noInterface = SendTest.Fails<CustomProtoException>(network, options with { Interface = "nosuch0" });
        var local = SendTest.Fails<CustomProtoException>(
            network, options with { Destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Left)), Interface = "veth0" });
        var mismatch = SendTest.Fails<CustomProtoException>(
            network, options with { Destination = IPAddress.Parse("fe80::2%1"), Interface = "veth0" });
        network.Ip(TestNetwork.Right, "link set dev veth1 down");
        var noCarrier = SendTest.Fails<CustomProtoException>(network, options with { Interface = "veth0" });
        network.Ip(TestNetwork.Left, "link set dev veth0 down");
        var down = SendTest.Fails<CustomProtoException>(network, options with { Interface = "veth0" });
        network.Ip(TestNetwork.Left, "address flush dev veth0");
        network.Ip(TestNetwork.Left, "link set dev veth0 up");
        network.Ip(TestNetwork.Right, "link set dev veth1 up");
        var noSource = SendTest.Fails<CustomProtoException>(network, options with { Interface = "veth0", Transport = Transport.Raw });

        Assert.Equal((FailureKind.Unreachable, "ENETUNREACH"), (noRoute.Kind, noRoute.ErrnoName));
        Assert.Equal(FailureKind.Unreachable, blackhole.Kind);
        Assert.Equal((FailureKind.NotFound, "InterfaceNotFound"), (noInterface.Kind, noInterface.ErrorId));
        Assert.Equal((FailureKind.InvalidArgument, "DestinationIsLocal"), (local.Kind, local.ErrorId));
        Assert.Equal((FailureKind.InvalidArgument, "InterfaceMismatch"), (mismatch.Kind, mismatch.ErrorId));
        Assert.Equal((FailureKind.Unreachable, "NoCarrier"), (noCarrier.Kind, noCarrier.ErrorId));
        Assert.Equal((FailureKind.Unreachable, "InterfaceDown"), (down.Kind, down.ErrorId));
        Assert.Equal(FailureKind.Unreachable, noSource.Kind);
    }

    [KernelFact]
    public void A_frame_whose_addresses_are_all_given_needs_no_route()
    {
        using var network = SendTest.CreateNetwork();
        network.Ip(TestNetwork.Left, "address flush dev veth0");
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 2);
        var options = new SendOptions
        {
            Destination = IPAddress.Parse("203.0.113.1"),
            SourceAddress = IPAddress.Parse("203.0.113.2"),
            DestinationMac = MacAddress.Parse(TestNetwork.Mac(TestNetwork.Right)),
            Interface = "veth0",
        };

        SendTest.Send(network, options, 4);
        SendTest.Send(
            network, options with { Destination = IPAddress.Parse("2001:db8:9::1"), SourceAddress = IPAddress.Parse("2001:db8:9::2") }, 4);

        Assert.All(capture.Read(), packet => SendTest.AssertCarries(packet, 4));
    }

    [KernelFact]
    public void An_own_address_is_reached_over_the_wire_with_a_given_MAC_address()
    {
        using var network = SendTest.CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1);

        SendTest.Send(
            network,
            new SendOptions
            {
                Destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Left)),
                DestinationMac = MacAddress.Parse(TestNetwork.Mac(TestNetwork.Right)),
                Interface = "veth0",
            },
            4);

        Assert.Equal(TestNetwork.IPv4(TestNetwork.Left), Assert.Single(capture.Read())["ip.dst"]);
    }

    [KernelFact]
    public void Auto_takes_Raw_where_it_can_and_where_it_must()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        var options = SendTest.ToRight();
        SendOptions[] raw =
        [
            options,
            options with { VlanId = [5] },
            options with { SourceMac = default(MacAddress) },
            options with { DestinationMac = default(MacAddress) },
            options with { SourceAddress = IPAddress.Parse("203.0.113.9") },
            options with { SourceAddress = IPAddress.Any },
        ];
        foreach (var each in raw)
        {
            Assert.Equal(Transport.Raw, Choice(network, each).Transport);
        }

        foreach (var each in raw[1..])
        {
            var exception = SendTest.Fails<CustomProtoException>(network, each with { Transport = Transport.Udp });
            Assert.Equal((FailureKind.InvalidArgument, "OptionNeedsRaw"), (exception.Kind, exception.ErrorId));
        }

        Assert.Equal((Transport.Udp, "it was asked for"), Choice(network, options with { Transport = Transport.Udp }));
        var own = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Left));
        Assert.Equal(Transport.Udp, Choice(network, options with { SourceAddress = own, Transport = Transport.Udp }).Transport);
    }

    [KernelFact]
    public void Without_CAP_NET_RAW_Auto_takes_Udp_and_Raw_says_what_is_missing()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Run(TestNetwork.Left, () =>
        {
            DropCapabilities();

            using (var sender = Sender.Open(SendTest.ToRight()))
            {
                sender.Send(SendTest.Message(5));
                Assert.Equal((Transport.Udp, "CAP_NET_RAW is missing"), (sender.Transport, sender.Reason));
                Assert.Equal((1, 1), (sender.Complete().Packets, sender.Complete().Confirmed));
            }

            var asked = Assert.Throws<NativeException>(() => Sender.Open(SendTest.ToRight(transport: Transport.Raw)));
            var needed = Assert.Throws<NativeException>(() => Sender.Open(SendTest.ToRight() with { VlanId = [5] }));

            Assert.Equal((FailureKind.PermissionDenied, "OpenSocketFailed"), (asked.Kind, asked.ErrorId));
            Assert.Contains("CAP_NET_RAW", asked.Message, StringComparison.Ordinal);
            Assert.Contains("-Transport Udp", asked.Message, StringComparison.Ordinal);
            Assert.Contains("CAP_NET_RAW", needed.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("-Transport Udp", needed.Message, StringComparison.Ordinal);
        });
    }

    static (Transport Transport, string Reason) Choice(TestNetwork network, SendOptions options) => network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(options);
        return (sender.Transport, sender.Reason);
    });

    /// <summary>Host 1 routes between host 0 and host 2, which has 198.51.100.2 and 2001:db8:2::2.</summary>
    static TestNetwork CreateRoutedNetwork()
    {
        var network = SendTest.CreateNetwork(hosts: 3);
        network.Connect(TestNetwork.Right, "far0", 2, "far1");
        network.Ip(TestNetwork.Right, "address add 198.51.100.1/24 dev far0");
        network.Ip(TestNetwork.Right, "address add 2001:db8:2::1/64 dev far0 nodad");

        // A router asks for neighbours from its link-local address.
        network.Ip(TestNetwork.Right, "address add fe80::2/64 dev far0 nodad");
        network.Ip(2, "address add 198.51.100.2/24 dev far1");
        network.Ip(2, "address add 2001:db8:2::2/64 dev far1 nodad");
        network.SetVariable(TestNetwork.Right, "ipv4/ip_forward", 1);
        network.SetVariable(TestNetwork.Right, "ipv6/conf/all/forwarding", 1);
        network.Ip(TestNetwork.Left, $"route add default via {TestNetwork.IPv4(TestNetwork.Right)}");
        network.Ip(TestNetwork.Left, $"-6 route add default via {TestNetwork.IPv6(TestNetwork.Right)}");
        return network;
    }

    /// <summary>Takes all capabilities from the calling thread, which ends with the test.</summary>
    static unsafe void DropCapabilities()
    {
        const uint Version3 = 0x20080522;
        var header = new Libc.CapabilityHeader { Version = Version3 };
        var none = stackalloc Libc.CapabilityData[2];
        Assert.Equal(0, Libc.CapSet(&header, none));
    }
}

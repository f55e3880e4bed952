using System.Diagnostics;
using System.Net;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.KernelTests.Net;

[Collection(KernelSuite.Name)]
public sealed class NeighboursTests : IDisposable
{
    /// <summary>ETH_P_ARP (0x0806) in network order, as a socket's protocol.</summary>
    const int EthernetArp = 0x0608;

    static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(200);

    readonly TestNetwork _network = new();
    readonly FileDescriptor _questions;

    public NeighboursTests() =>
        _questions = _network.Run(TestNetwork.Right, () => Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, EthernetArp));

    public void Dispose()
    {
        _questions.Dispose();
        _network.Dispose();
    }

    [KernelTheory]
    [InlineData("192.0.2.2")]
    [InlineData("2001:db8::2")]
    [InlineData("fe80::2")]
    public void A_neighbour_is_asked_for_its_address(string nextHop)
    {
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), Resolve(nextHop).ToString());

        // From now on the table has it.
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), Resolve(nextHop, TimeSpan.Zero).ToString());
    }

    [KernelTheory]
    [InlineData("192.0.2.2", 1)]
    [InlineData("2001:db8::2", 1)]
    public void Asking_sends_nothing_but_the_question(string nextHop, int packets)
    {
        var before = Link().Statistics.TransmittedPackets;

        Resolve(nextHop);

        Assert.Equal((ulong)packets, Link().Statistics.TransmittedPackets - before);
    }

    [KernelTheory]
    [InlineData("192.0.2.7")]
    [InlineData("2001:db8::7")]
    public void A_permanent_entry_is_taken_without_asking(string nextHop)
    {
        _network.Ip(TestNetwork.Left, $"neighbour add {nextHop} lladdr 02:00:00:00:00:07 dev veth0 nud permanent");
        var before = Link().Statistics.TransmittedPackets;

        Assert.Equal("02:00:00:00:00:07", Resolve(nextHop, TimeSpan.Zero).ToString());
        Assert.Equal(before, Link().Statistics.TransmittedPackets);
    }

    [KernelFact]
    public void A_stale_entry_is_taken_without_asking()
    {
        _network.Ip(TestNetwork.Left, "neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev veth0 nud stale");

        Assert.Equal("02:00:00:00:00:07", Resolve("192.0.2.7", TimeSpan.Zero).ToString());
    }

    [KernelTheory]
    [InlineData("192.0.2.7", "ARP requests")]
    [InlineData("2001:db8::7", "neighbour solicitations (NDP)")]
    public void A_neighbour_that_does_not_answer_is_an_error(string nextHop, string question)
    {
        var failure = Assert.Throws<CustomProtoException>(() => Resolve(nextHop, s_short));

        Assert.Equal((FailureKind.Unreachable, "NeighbourUnresolved"), (failure.Kind, failure.ErrorId));
        Assert.StartsWith(
            $"The neighbour {nextHop} on 'veth0' does not answer {question} (waited ", failure.Message, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("192.0.2.7", "ipv4")]
    [InlineData("2001:db8::7", "ipv6")]
    public void When_the_kernel_gives_up_so_does_the_wait(string nextHop, string family)
    {
        // One question, and 50 ms for its answer.
        _network.SetVariable(TestNetwork.Left, $"{family}/neigh/veth0/mcast_solicit", 1);
        _network.SetVariable(TestNetwork.Left, $"{family}/neigh/veth0/retrans_time_ms", 50);

        var failure = Assert.Throws<CustomProtoException>(() => Resolve(nextHop, Timeout.InfiniteTimeSpan));

        Assert.Equal("NeighbourUnresolved", failure.ErrorId);
    }

    [KernelFact]
    public void After_a_failure_the_neighbour_is_asked_again()
    {
        _network.SetVariable(TestNetwork.Left, "ipv4/neigh/veth0/mcast_solicit", 1);
        _network.SetVariable(TestNetwork.Left, "ipv4/neigh/veth0/retrans_time_ms", 50);
        Assert.Throws<CustomProtoException>(() => Resolve("192.0.2.7", Timeout.InfiniteTimeSpan));
        _network.Ip(TestNetwork.Right, "address add 192.0.2.7/24 dev veth1");

        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), Resolve("192.0.2.7").ToString());
    }

    [KernelFact]
    public void A_neighbour_that_appears_while_waiting_is_found()
    {
        var resolution = _network.Start(
            TestNetwork.Left, () => Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse("192.0.2.7"), TimeSpan.FromSeconds(10)));

        WaitForQuestion();
        _network.Ip(TestNetwork.Left, "neighbour replace 192.0.2.7 lladdr 02:00:00:00:00:07 dev veth0 nud reachable");

        Assert.Equal("02:00:00:00:00:07", resolution.GetAwaiter().GetResult().ToString());
    }

    [KernelFact]
    public void Cancelling_ends_the_wait_at_once()
    {
        using var cancellation = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var resolution = _network.Start(
            TestNetwork.Left,
            () => Neighbours.Resolve(
                NetworkLinks.Get("veth0"), IPAddress.Parse("192.0.2.7"), Timeout.InfiniteTimeSpan, cancellation.Token));
        WaitForQuestion();

        cancellation.Cancel();

        var ended = Assert.ThrowsAny<OperationCanceledException>(() => resolution.GetAwaiter().GetResult());
        Assert.Equal(cancellation.Token, ended.CancellationToken);

        // The kernel itself would have given up after three seconds.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    [KernelFact]
    public void An_interface_that_goes_down_while_waiting_is_an_error_that_says_so()
    {
        var resolution = _network.Start(
            TestNetwork.Left,
            () => Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse("192.0.2.7"), Timeout.InfiniteTimeSpan));
        WaitForQuestion();

        _network.Ip(TestNetwork.Left, "link set dev veth0 down");

        var failure = Assert.Throws<CustomProtoException>(() => resolution.GetAwaiter().GetResult());
        Assert.Equal((FailureKind.Unreachable, "InterfaceDown"), (failure.Kind, failure.ErrorId));
    }

    [KernelFact]
    public void An_interface_that_vanishes_while_waiting_is_an_error_that_says_so()
    {
        var resolution = _network.Start(
            TestNetwork.Left,
            () => Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse("192.0.2.7"), Timeout.InfiniteTimeSpan));
        WaitForQuestion();

        _network.Ip(TestNetwork.Left, "link delete dev veth0");

        var failure = Assert.ThrowsAny<CustomProtoException>(() => resolution.GetAwaiter().GetResult());

        // It goes down before it goes away, and either may be seen.
        Assert.Contains(failure.ErrorId, (string[])["InterfaceGone", "InterfaceDown"]);
    }

    [KernelFact]
    public void An_interface_that_is_gone_is_an_error_that_says_so()
    {
        var link = Link();
        _network.Ip(TestNetwork.Left, "link delete dev veth0");

        var failure = Assert.Throws<CustomProtoException>(
            () => _network.Run(TestNetwork.Left, () => Neighbours.Resolve(link, IPAddress.Parse("192.0.2.2"), s_short)));

        Assert.Equal((FailureKind.Gone, "InterfaceGone"), (failure.Kind, failure.ErrorId));
    }

    [KernelTheory]
    [InlineData("224.0.0.251", "01:00:5e:00:00:fb")]
    [InlineData("ff02::fb", "33:33:00:00:00:fb")]
    [InlineData("192.0.2.255", "ff:ff:ff:ff:ff:ff")]
    [InlineData("255.255.255.255", "ff:ff:ff:ff:ff:ff")]
    public void Groups_are_not_asked(string nextHop, string address)
    {
        var before = Link().Statistics.TransmittedPackets;

        Assert.Equal(address, Resolve(nextHop, TimeSpan.Zero).ToString());
        Assert.Equal(before, Link().Statistics.TransmittedPackets);
    }

    [KernelFact]
    public void Without_a_link_local_address_ipv6_neighbours_are_found_too()
    {
        _network.Ip(TestNetwork.Left, "address delete fe80::1/64 dev veth0");

        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), Resolve("2001:db8::2").ToString());
    }

    [KernelTheory]
    [InlineData("192.0.2.2")]
    [InlineData("2001:db8::2")]
    [InlineData("fe80::2")]
    public void Without_privilege_neighbours_are_found_too(string nextHop)
    {
        var address = _network.Run(TestNetwork.Left, () =>
        {
            DropCapabilities();
            return Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse(nextHop), Neighbours.DefaultTimeout);
        });

        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), address.ToString());
    }

    [KernelFact]
    public void A_router_that_is_on_the_link_without_a_route_is_found_without_privilege()
    {
        // 203.0.113.1 is covered by the default route alone, but is to be asked for on this very link.
        _network.Ip(TestNetwork.Left, "route add default via 192.0.2.254");
        _network.Ip(TestNetwork.Right, "address add 203.0.113.1/32 dev veth1");

        var address = _network.Run(TestNetwork.Left, () =>
        {
            DropCapabilities();
            return Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse("203.0.113.1"), Neighbours.DefaultTimeout);
        });

        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), address.ToString());
    }

    NetworkLink Link() => _network.Run(TestNetwork.Left, () => NetworkLinks.Get("veth0"));

    MacAddress Resolve(string nextHop, TimeSpan? timeout = null) => _network.Run(
        TestNetwork.Left,
        () => Neighbours.Resolve(NetworkLinks.Get("veth0"), IPAddress.Parse(nextHop), timeout ?? Neighbours.DefaultTimeout));

    /// <summary>Waits until an ARP request arrives: the other thread then waits for its answer, or is about to.</summary>
    unsafe void WaitForQuestion()
    {
        using var socket = new BorrowedDescriptor(_questions);
        var descriptor = new Libc.PollDescriptor { Descriptor = socket.Value, Events = Libc.POLLIN };
        Assert.Equal(1, Libc.Poll(&descriptor, 1, 5000));
    }

    /// <summary>Takes all capabilities from the calling thread: one of <see cref="TestNetwork.Run{T}"/>, which then ends.</summary>
    static unsafe void DropCapabilities()
    {
        const uint Version3 = 0x20080522;
        var header = new Libc.CapabilityHeader { Version = Version3 };
        var none = stackalloc Libc.CapabilityData[2];
        Assert.Equal(0, Libc.CapSet(&header, none));
    }
}

using System.Diagnostics;
using System.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Where the in-kernel sender can't send, or has to stop.</summary>
[Collection(KernelSuite.Name)]
public sealed class XdpSenderFailureTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("192.0.2.1")]
    public void Loopback_is_refused(string address)
    {
        using var network = XdpSenderTests.CreateNetwork();

        var exception = SendTest.Fails<CustomProtoException>(network, XdpSenderTests.ToRight() with { Destination = IPAddress.Parse(address) });

        Assert.Equal(("XdpOverLoopback", FailureKind.Unsupported), (exception.ErrorId, exception.Kind));
        Assert.Contains("-Transport Raw", exception.Hint, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_driver_that_takes_nothing_from_XDP_is_refused()
    {
        using var network = XdpSenderTests.CreateNetwork();
        network.Execute(TestNetwork.Left, "ip", "link add bridge0 type bridge");
        network.Execute(TestNetwork.Left, "ip", "link set bridge0 up");
        network.Execute(TestNetwork.Left, "ip", "address add 198.51.100.1/24 dev bridge0");

        var exception = SendTest.Fails<CustomProtoException>(
            network, XdpSenderTests.ToRight() with { Destination = IPAddress.Parse("198.51.100.2"), DestinationMac = MacAddress.Parse("02:00:00:00:00:09") });

        Assert.Equal("XdpTransmitUnsupported", exception.ErrorId);
        Assert.Contains("'bridge0'", exception.Message, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_peer_without_XDP_is_told_of_and_the_counters_tell_the_truth()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(XdpSenderTests.ToRight());

            Assert.Contains("neither an XDP program nor GRO", Assert.Single(sender.Notices), StringComparison.Ordinal);
            sender.Send(SendTest.Message(10), new SendPlan { Count = 100 });
            var result = sender.Complete();

            Assert.Equal((100, 0), (result.Packets, result.Confirmed!.Value));
        });

        using var receiver = network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "veth1" }));
        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(XdpSenderTests.ToRight());
            Assert.Empty(sender.Notices);
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false, 0, 3344)]
    [InlineData(true, 2, 3332)]
    public void A_frame_that_does_not_fit_a_page_is_refused_with_the_numbers(bool ipv6, int tags, int most)
    {
        using var network = XdpSenderTests.CreateNetwork(mtu: 9000);

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(XdpSenderTests.ToRight(ipv6) with { VlanId = [.. Enumerable.Range(1, tags)], Stamp = tags == 0 });
            Assert.Equal(most, sender.MaxDataLength);
            var exception = Assert.Throws<CustomProtoException>(() => sender.Send(SendTest.Message(most + 1)));
            Assert.Equal("DataExceedsMtu", exception.ErrorId);
            Assert.Contains("frames of at most", exception.Message, StringComparison.Ordinal);
            Assert.EndsWith("or use -Transport Raw.", exception.Message, StringComparison.Ordinal);
            sender.Send(SendTest.Message(most));
            Assert.Equal(1, sender.Complete().Confirmed);
        });
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_only_the_in_kernel_sender_can_is_refused_elsewhere()
    {
        using var network = XdpSenderTests.CreateNetwork();
        SendOptions[] wrong =
        [
            SendTest.ToRight() with { Threads = 2 },
            SendTest.ToRight(transport: Transport.Raw) with { SourcePortCount = 2 },
            SendTest.ToRight(transport: Transport.Udp) with { TypeCycle = [MessageType.Request] },
        ];

        Assert.All(wrong, options => Assert.Equal("OptionNeedsXdp", SendTest.Fails<CustomProtoException>(network, options).ErrorId));
        Assert.Equal("ThreadsOutOfRange", SendTest.Fails<CustomProtoException>(network, XdpSenderTests.ToRight() with { Threads = Environment.ProcessorCount + 1 }).ErrorId);
        Assert.Equal("ThreadsOutOfRange", SendTest.Fails<CustomProtoException>(network, XdpSenderTests.ToRight() with { Threads = 0 }).ErrorId);
        Assert.Equal("SourcePortCountOutOfRange", SendTest.Fails<CustomProtoException>(network, XdpSenderTests.ToRight() with { SourcePort = 65000, SourcePortCount = 600 }).ErrorId);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(1)]
    [InlineData(2)]
    public void Cancellation_ends_a_run_without_end_at_once(int threads)
    {
        using var network = XdpSenderTests.CreateNetwork();
        using var cancellation = new CancellationTokenSource();
        var options = XdpSenderTests.ToRight() with { Threads = Math.Min(threads, Environment.ProcessorCount) };
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(options));
        var run = network.Start(TestNetwork.Left, () => sender.Send(Payload(), long.MaxValue, cancellation.Token));
        Assert.True(SpinWait.SpinUntil(() => sender.Packets > 1000, s_patience));

        var clock = Stopwatch.StartNew();
        cancellation.Cancel();
        Assert.True(SpinWait.SpinUntil(() => run.IsCompleted, s_patience));

        // Two grace periods of RCU, on a machine that may be busy.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 2);
        Assert.IsAssignableFrom<OperationCanceledException>(run.Exception!.InnerException);
        var result = network.Run(TestNetwork.Left, sender.Complete);
        Assert.InRange(result.Confirmed!.Value, 1000, result.Packets);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false)]
    [InlineData(true)]
    public void An_interface_that_goes_away_ends_the_run_and_what_was_sent_is_told(bool delete)
    {
        using var network = XdpSenderTests.CreateNetwork();
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(XdpSenderTests.ToRight()));
        var run = network.Start(TestNetwork.Left, () => sender.Send(Payload(), long.MaxValue));
        Assert.True(SpinWait.SpinUntil(() => sender.Packets > 1000, s_patience));

        network.Ip(TestNetwork.Left, delete ? "link delete dev veth0" : "link set dev veth0 down");

        Assert.True(SpinWait.SpinUntil(() => run.IsCompleted, s_patience));
        var exception = Assert.IsType<NativeException>(run.Exception!.InnerException);
        Assert.Equal(delete ? "ENODEV" : "ENETDOWN", exception.ErrnoName);
        Assert.StartsWith("Cannot send to 192.0.2.2 over 'veth0': ", exception.Message, StringComparison.Ordinal);
        var result = network.Run(TestNetwork.Left, sender.Complete);
        Assert.Equal(1, result.Errors);
        Assert.True(result.Packets > 1000);
        if (!delete)
        {
            // What was made after the interface went down didn't leave.
            Assert.InRange(result.Confirmed!.Value, 1000, result.Packets);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void An_interface_that_is_down_is_refused_before()
    {
        using var network = XdpSenderTests.CreateNetwork();
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(XdpSenderTests.ToRight()));
        network.Ip(TestNetwork.Left, "link set dev veth0 down");

        network.Run(TestNetwork.Left, () =>
        {
            Assert.Equal("InterfaceDown", Assert.Throws<CustomProtoException>(() => Sender.Open(XdpSenderTests.ToRight() with { Interface = "veth0" }).Dispose()).ErrorId);
            Assert.Equal("ENETDOWN", Assert.Throws<NativeException>(() => sender.Send(SendTest.Message(1))).ErrnoName);
            Assert.Equal((0, 1), (sender.Complete().Packets, sender.Complete().Errors));
        });
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Nothing_is_allocated_per_packet()
    {
        using var network = XdpSenderTests.CreateNetwork();
        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(XdpSenderTests.ToRight());
            sender.Send(Payload(), 900);

            Assert.Equal(Allocate(sender, 1), Allocate(sender, 64));
        });

        // Now and then a look is taken at the interface, which isn't in the least of several.
        static long Allocate(Sender sender, long count)
        {
            var payload = Payload();
            return Allocation.LeastOf(() => sender.Send(payload, count));
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Programs_and_threads_are_gone_afterwards()
    {
        using var network = XdpSenderTests.CreateNetwork();
        var before = Count();
        using (var sender = network.Run(TestNetwork.Left, () => Sender.Open(XdpSenderTests.ToRight())))
        {
            network.Run(TestNetwork.Left, () => sender.Send(SendTest.Message(5), new SendPlan { Count = 5000 }));
            Assert.Equal(before + 1, Count());
        }

        Assert.True(SpinWait.SpinUntil(() => Count() == before, s_patience));

        int Count() => network.Execute(TestNetwork.Left, "bpftool", "prog list").Split("name cp_send ").Length - 1;
    }

    static byte[] Payload() => MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, SendTest.Data(21));
}

using System.Net;
using System.Net.Sockets;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>What happens when sending fails or is ended on the way.</summary>
[Collection(KernelSuite.Name)]
public sealed class SenderFailureTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [KernelTheory]
    [InlineData(Transport.Raw)]
    [InlineData(Transport.Udp)]
    public void Data_over_the_MTU_is_refused_and_what_fits_goes_on(Transport transport)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var receiver = network.Run(TestNetwork.Right, () => new UdpClient(SendTest.Port));

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(transport: transport));
            Assert.Equal(1466, sender.MaxDataLength);
            var exception = Assert.Throws<CustomProtoException>(() => sender.Send(SendTest.Message(1467)));
            Assert.StartsWith(
                "1,467 bytes of data need a packet of 1,501 bytes, but 'veth0' carries 1,500: at most 1,466 ",
                exception.Message,
                StringComparison.Ordinal);
            Assert.Equal("DataTooLong", Assert.Throws<CustomProtoException>(() => sender.Send(new byte[65536])).ErrorId);
            sender.Send(SendTest.Message(1466));

            var result = sender.Complete();
            Assert.Equal((1, 1, 0), (result.Packets, result.Confirmed!.Value, result.Errors));
        });
    }

    [KernelFact]
    public void The_MTU_of_the_route_counts_where_it_is_smaller()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Ip(TestNetwork.Left, $"route add {TestNetwork.IPv4(TestNetwork.Right)} dev veth0 mtu 1000");

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            var exception = Assert.Throws<CustomProtoException>(() => sender.Send(SendTest.Message(967)));
            Assert.Contains("the route to 192.0.2.2 carries 1,000: at most 966", exception.Message, StringComparison.Ordinal);
        });
    }

    [KernelTheory]
    [InlineData(Transport.Raw, false)]
    [InlineData(Transport.Raw, true)]
    [InlineData(Transport.Udp, false)]
    [InlineData(Transport.Udp, true)]
    public void An_interface_that_goes_away_ends_the_run_and_what_was_sent_is_told(Transport transport, bool delete)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var receiver = network.Run(TestNetwork.Right, () => new UdpClient(SendTest.Port));

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(transport: transport));
            sender.Send(SendTest.Message(5));
            network.Ip(TestNetwork.Left, delete ? "link delete dev veth0" : "link set dev veth0 down");

            var exception = Assert.Throws<NativeException>(() => sender.Send(SendTest.Message(5)));

            Assert.True(exception.Kind is FailureKind.Gone or FailureKind.Unreachable, exception.Message);
            Assert.StartsWith("Cannot send to 192.0.2.2 over 'veth0': ", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("NAME", exception.Message, StringComparison.Ordinal);
            var result = sender.Complete();
            Assert.Equal(1, result.Packets);
            Assert.Equal(1, result.Errors);
            Assert.Equal(delete ? null : 1, result.Confirmed);
        });
    }

    [KernelFact]
    public void Cancellation_ends_a_run_without_end()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var cancellation = new CancellationTokenSource();
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(SendTest.ToRight()));
        var run = network.Start(TestNetwork.Left, () => sender.Send(SendTest.Data(21), long.MaxValue, cancellation.Token));
        Assert.True(SpinWait.SpinUntil(() => sender.Packets > 1000, s_patience));

        cancellation.Cancel();

        Assert.True(SpinWait.SpinUntil(() => run.IsCompleted, s_patience));
        Assert.IsAssignableFrom<OperationCanceledException>(run.Exception!.InnerException);
        var result = network.Run(TestNetwork.Left, sender.Complete);
        Assert.Equal(result.Packets, result.Confirmed);
    }

    [KernelTheory]
    [InlineData(Transport.Raw)]
    [InlineData(Transport.Udp)]
    public void Cancellation_ends_the_wait_for_room(Transport transport)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);

        // The queue takes much and gives almost nothing, so the socket's own buffer fills up.
        network.Execute(TestNetwork.Left, "tc", "qdisc replace dev veth0 root tbf rate 1kbit burst 1600 limit 10000000");
        using var cancellation = new CancellationTokenSource();
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(SendTest.ToRight(transport: transport)));
        string? thread = null;
        var run = network.Start(TestNetwork.Left, () =>
        {
            thread = File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName;
            return sender.Send(SendTest.Data(1000), 100_000, cancellation.Token);
        });
        Assert.True(SpinWait.SpinUntil(() => sender.Packets > 0 && IsAsleep(thread!), s_patience));

        cancellation.Cancel();

        Assert.True(SpinWait.SpinUntil(() => run.IsCompleted, s_patience));
        Assert.IsAssignableFrom<OperationCanceledException>(run.Exception!.InnerException);
        var result = network.Run(TestNetwork.Left, sender.Complete);
        Assert.InRange(result.Packets, 10, 99_999);

        // The interface didn't send what sits in its queue.
        Assert.True(result.Confirmed < result.Packets);
    }

    [KernelTheory]
    [InlineData(Transport.Raw)]
    [InlineData(Transport.Udp)]
    public void What_a_full_queue_drops_is_sent_again(Transport transport)
    {
        const int Count = 300;
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Execute(TestNetwork.Left, "tc", "qdisc replace dev veth0 root tbf rate 50mbit burst 1600 limit 5000");
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", Count);

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(transport: transport));
            sender.Send(SendTest.Data(1000), Count);
            return sender.Complete();
        });

        Assert.Equal(Count, capture.Read().Count);
        Assert.Equal(Count, result.Packets);
        Assert.Equal(Count, result.Confirmed);
    }

    [KernelFact]
    public void A_cancelled_token_ends_the_wait_for_a_neighbour()
    {
        using var network = SendTest.CreateNetwork();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        var silent = SendTest.ToRight() with { Destination = IPAddress.Parse("192.0.2.77"), NeighbourTimeout = Timeout.InfiniteTimeSpan };

        network.Run(TestNetwork.Left, () =>
            Assert.ThrowsAny<OperationCanceledException>(() => Sender.Open(silent, cancellation.Token).Dispose()));
    }

    [KernelFact]
    public void Senders_and_failures_leave_no_sockets_open()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        SendOptions[] attempts =
        [
            SendTest.ToRight(transport: Transport.Raw),
            SendTest.ToRight(transport: Transport.Udp),
            SendTest.ToRight() with { Destination = IPAddress.Parse("192.0.2.77"), NeighbourTimeout = TimeSpan.Zero },
            SendTest.ToRight(transport: Transport.Udp) with { SourcePort = 4000 },
        ];
        using var other = network.Run(TestNetwork.Left, () => new UdpClient(4000));

        var before = CountSockets();
        for (var i = 0; i < 50; i++)
        {
            foreach (var options in attempts)
            {
                network.Run(TestNetwork.Left, () => Record.Exception(() => Sender.Open(options).Dispose()));
            }
        }

        // The test runner opens and closes some of its own.
        Assert.InRange(CountSockets(), 0, before + 20);
    }

    [KernelFact]
    public void Raw_sockets_that_are_closed_aside_are_soon_gone()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Run(TestNetwork.Left, () =>
        {
            for (var i = 0; i < 3 * PacketSocket.MaxClosing; i++)
            {
                using var sender = Sender.Open(SendTest.ToRight(transport: Transport.Raw));
                Assert.InRange(CountPacketSockets(), 1, 1 + PacketSocket.MaxClosing);
            }

            Assert.True(SpinWait.SpinUntil(() => CountPacketSockets() == 0, TimeSpan.FromSeconds(10)), "Sockets stay open.");
        });

        static int CountPacketSockets() => File.ReadAllLines("/proc/thread-self/net/packet").Length - 1;
    }

    static bool IsAsleep(string thread) => File.ReadAllText($"{thread}/stat").Split(") ")[^1][0] == 'S';

    static int CountSockets() => Directory.GetFileSystemEntries("/proc/self/fd").Count(path =>
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    });
}

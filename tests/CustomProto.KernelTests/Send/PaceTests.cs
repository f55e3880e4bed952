using System.Net.Sockets;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Rates and durations, by the clock of what was captured at the far end.</summary>
[Collection(KernelSuite.Name)]
public sealed class PaceTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = SendTest.CreateNetwork(permanentNeighbours: true);
    readonly UdpClient _receiver;

    public PaceTests() => _receiver = _network.Run(TestNetwork.Right, () => new UdpClient(SendTest.Port));

    public void Dispose()
    {
        _receiver.Dispose();
        _network.Dispose();
    }

    [KernelTheory]
    [InlineData(Transport.Raw, 10_000, 5000)]
    [InlineData(Transport.Udp, 10_000, 5000)]
    [InlineData(Transport.Raw, 100, 30)]
    [InlineData(Transport.Udp, 4, 3)]
    public void A_rate_is_kept(Transport transport, double rate, int count)
    {
        var result = Run(transport, new SendPlan { Count = count, Pace = new SendPace(rate) });

        Assert.Equal(count, result.Packets);
        Assert.Equal(count, result.Confirmed);
        Assert.Equal(rate, result.RequestedRate);

        // Every packet can be late on a busy machine, the first one too.
        Assert.InRange(result.Elapsed.TotalSeconds, ((count - 1) / rate) - 0.05, ((count - 1) / rate) + 0.5);
    }

    [KernelFact]
    public void Packets_leave_one_by_one_where_the_rate_says_so()
    {
        using var capture = new PacketCapture(_network, TestNetwork.Right, "veth1", 5);

        Run(Transport.Raw, new SendPlan { Count = 5, Pace = SendPace.Every(TimeSpan.FromMilliseconds(50)) });

        double[] times = [.. capture.Read().Select(packet => double.Parse(packet["frame.time_epoch"], System.Globalization.CultureInfo.InvariantCulture))];
        for (var i = 1; i < times.Length; i++)
        {
            // From the first one on, as a delay doesn't push what follows.
            Assert.InRange(times[i] - times[0], (i * 0.05) - 0.04, (i * 0.05) + 0.5);
        }
    }

    [KernelTheory]
    [InlineData(Transport.Raw)]
    [InlineData(Transport.Udp)]
    public void A_duration_ends_a_run(Transport transport)
    {
        var result = Run(transport, new SendPlan { Duration = TimeSpan.FromMilliseconds(200) });

        Assert.InRange(result.Elapsed.TotalSeconds, 0.15, 0.7);
        Assert.True(result.Packets > 1000);
    }

    [KernelFact]
    public void Count_duration_and_rate_go_together()
    {
        var byTime = Run(Transport.Raw, new SendPlan { Count = 100, Duration = TimeSpan.FromMilliseconds(400), Pace = new SendPace(20) });
        var byCount = Run(Transport.Raw, new SendPlan { Count = 4, Duration = TimeSpan.FromMinutes(10), Pace = new SendPace(20) });

        Assert.Equal(8, byTime.Packets);
        Assert.Equal(4, byCount.Packets);
    }

    [KernelFact]
    public void A_pace_goes_on_from_message_to_message()
    {
        var pace = new SendPace(100);
        var result = _network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            for (var i = 0; i < 21; i++)
            {
                sender.Send(SendTest.Message(5), new SendPlan { Count = 1, Pace = pace });
            }

            return sender.Complete();
        });

        Assert.Equal(21, result.Packets);
        Assert.InRange(result.Elapsed.TotalSeconds, 0.15, 0.7);
    }

    [KernelFact]
    public void Cancellation_ends_the_wait_for_the_next_packet()
    {
        using var cancellation = new CancellationTokenSource();
        using var sender = _network.Run(TestNetwork.Left, () => Sender.Open(SendTest.ToRight()));
        var run = _network.Start(
            TestNetwork.Left, () => sender.Send(SendTest.Message(5), new SendPlan { Count = 2, Pace = SendPace.Every(TimeSpan.FromHours(1)) }, cancellation.Token));
        Assert.True(SpinWait.SpinUntil(() => sender.Packets == 1, s_patience));

        cancellation.Cancel();

        Assert.True(SpinWait.SpinUntil(() => run.IsCompleted, s_patience));
        Assert.IsAssignableFrom<OperationCanceledException>(run.Exception!.InnerException);
        var result = _network.Run(TestNetwork.Left, sender.Complete);
        Assert.Equal((1, 1), (result.Packets, result.Confirmed!.Value));
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(5));
    }

    [KernelFact]
    public void Progress_tells_how_far_it_has_come_and_can_end_it()
    {
        var seen = new List<SendProgress>();
        var plan = new SendPlan { Count = 1000, Pace = new SendPace(100), Progress = Report };

        _network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            Assert.Throws<TimeoutException>(() => sender.Send(SendTest.Message(5), plan));
        });

        Assert.All(seen, progress => Assert.InRange(progress.Packets, progress.Elapsed.TotalSeconds * 50, (progress.Elapsed.TotalSeconds * 100) + 1));
        Assert.All(seen, progress => Assert.InRange(progress.Remaining!.Value.TotalSeconds, 5, 20));
        Assert.All(seen, progress => Assert.Equal((int)(progress.Packets / 10), progress.PercentComplete));

        void Report(SendProgress progress)
        {
            seen.Add(progress);
            if (seen.Count == 3)
            {
                throw new TimeoutException();
            }
        }
    }

    [KernelFact]
    public void Nothing_is_allocated_for_a_packet_that_waits_its_turn()
    {
        _network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            var payload = SendTest.Data(100);
            var plan = new SendPlan { Count = 2000, Pace = new SendPace(40_000) };
            sender.Send(payload, plan);

            // A run that waits makes an event to wait for, once. The smallest object for each of its fifty waits would be more.
            Assert.InRange(Allocation.LeastOf(() => sender.Send(payload, plan)), 0, 1000);
        });
    }

    SendResult Run(Transport transport, SendPlan plan) => _network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(SendTest.ToRight(transport: transport));
        var sent = sender.Send(SendTest.Message(21), plan);
        var result = sender.Complete();
        Assert.Equal(result.Packets, sent);
        return result;
    });
}

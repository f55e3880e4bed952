using System.Globalization;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>Test runs of a private copy. What each frame gives is in <see cref="FixtureTests"/>.</summary>
[Collection(KernelSuite.Name)]
public sealed class TestReceiverTests
{
    static readonly byte[] s_frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello"u8));

    [KernelFact(KernelNeed.Bpf)]
    public void Copy_of_a_live_program_does_the_same_and_the_live_one_notices_nothing()
    {
        using var network = new TestNetwork();
        using var live = network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Right),
            Ports = [777],
            MatchAction = MatchAction.Drop,
            VerifyChecksum = true,
            SnapLength = 2,
        }));
        using var reader = live.OpenReader();
        using var copy = TestReceiver.Load(live);
        var frame = FrameTo(777);

        var report = copy.Run(frame);
        var damaged = (byte[])frame.Clone();
        damaged[^1] ^= 1;

        Assert.Equal((XdpVerdict.Drop, true, "He"), (report.Verdict, report.Seen, report.Message!.Text));
        Assert.Equal((XdpVerdict.Pass, RejectReason.BadChecksum), (copy.Run(damaged).Verdict, copy.Run(damaged).Reason));
        Assert.False(copy.Run(s_frame).Seen);
        Assert.Equal(0, live.ReadStatistics().Seen);
        Assert.False(reader.TryRead(out _));

        live.MatchAction = MatchAction.Pass;
        using var later = TestReceiver.Load(live);
        Assert.Equal(XdpVerdict.Pass, later.Run(frame).Verdict);
    }

    /// <summary>The program ends its search where the first port comes again.</summary>
    [KernelFact(KernelNeed.Bpf)]
    public void Ports_that_are_named_twice_are_all_there()
    {
        using var copy = TestReceiver.Load(new ReceiverOptions { Interface = "test", Ports = [7, 7, 8, 9] });

        var seen = ((int[])[7, 8, 9, 10, 12345]).Select(port => copy.Run(FrameTo(port)).Seen);

        Assert.Equal([true, true, true, false, false], seen);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Repeated_runs_are_all_delivered_and_none_of_them_is_left()
    {
        using var receiver = TestReceiver.Load(new ReceiverOptions { Interface = "test", RingSize = ReceiverOptions.MinRingSize });
        const int Repeat = 20_000;

        var report = receiver.Run(s_frame, Repeat);

        Assert.Equal(Repeat, report.Repeat);
        Assert.InRange(report.DurationNanoseconds, 1, 1_000_000);
        var counted = receiver.ReadStatistics();
        Assert.Equal((Repeat + 1, Repeat + 1, 0), (counted.Seen, counted.Delivered, counted.Lost));
        Assert.False(receiver.Reader.TryRead(out _));
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => receiver.Run(s_frame, Repeat, stopped.Token));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Frames_that_are_too_short_or_too_long_are_refused_with_the_reason()
    {
        using var receiver = TestReceiver.Load(new ReceiverOptions { Interface = "test" });
        var refused = Assert.Throws<CustomProtoException>(() => receiver.Run(new byte[13]));
        Assert.Equal((FailureKind.InvalidArgument, "FrameTooShort"), (refused.Kind, refused.ErrorId));
        Assert.Equal(XdpVerdict.Pass, receiver.Run(new byte[14]).Verdict);
        Assert.Equal(FailureKind.LimitExceeded, Assert.Throws<NativeException>(() => receiver.Run(new byte[200_000])).Kind);
        Assert.Equal(XdpVerdict.Pass, receiver.Run(s_frame).Verdict);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Verifier_says_how_much_it_looked_at()
    {
        using var receiver = TestReceiver.Load(new ReceiverOptions { Interface = "test" });
        Assert.Equal("cp_receive", receiver.Verification.Name);
        Assert.InRange(receiver.Verification.Instructions, 100, 10_000);
        Assert.InRange(receiver.Verification.VerifiedInstructions, receiver.Verification.Instructions, 1_000_000);
        Assert.InRange(receiver.Verification.MachineCodeLength, 100, 100_000);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Traces_name_threads_with_odd_names_and_every_reason()
    {
        using var reader = TraceReader.Open();
        using var receiver = TestReceiver.Load(new ReceiverOptions { Interface = "test", Trace = true, VerifyChecksum = true });
        var rejected = Fixture.All.Values.Where(fixture => fixture.Configuration is null && fixture.Counters.ContainsKey("Seen") && fixture.Message is null).ToArray();
        foreach (var name in (string[])["a-1 [002] b: c", "x\ny", "(sd-pam)", "\u001b[2J"])
        {
            var expected = name.Replace('\n', '␊').Replace('\u001b', '␛');
            TraceLine line;
            var runs = 0;
            do
            {
                // The kernel notes a thread's name when it next leaves its CPU (probe_sched_switch), so it has to before the line is read;
                // and now and then it doesn't (trylock in trace_save_cmdline): then there is none, or that of an earlier thread with the same id.
                var thread = new Thread(() =>
                {
                    receiver.Run(s_frame);
                    Thread.Sleep(1);
                })
                { Name = name };
                thread.Start();
                thread.Join();
                line = reader.Read(TimeSpan.FromSeconds(10))!;
            }
            while (line.ProcessName != expected && ++runs < 100);
            Assert.Equal(expected, line.ProcessName);
            Assert.EndsWith("]: type 1, length 5, trailing 0, from port 40000 to port 12345", line.Text, StringComparison.Ordinal);
        }

        var reasons = new HashSet<RejectReason>();
        foreach (var fixture in rejected)
        {
            var report = receiver.Run(fixture.Bytes);
            reasons.Add(report.Reason);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"]: {report.Reason}, UDP length "), reader.Read(TimeSpan.FromSeconds(10))!.Text, StringComparison.Ordinal);
        }

        Assert.Superset(
            new HashSet<RejectReason> { RejectReason.Fragment, RejectReason.Truncated, RejectReason.BadMagic, RejectReason.BadVersion, RejectReason.BadLength }, reasons);
    }

    static byte[] FrameTo(int port) => FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello"u8), destinationPort: port);
}

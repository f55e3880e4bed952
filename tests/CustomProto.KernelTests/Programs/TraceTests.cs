using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CustomProto.Native;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Programs;

/// <summary>The kernel's trace, written by our program for real packets.</summary>
[Collection(KernelSuite.Name)]
public sealed class TraceTests : IDisposable
{
    const string Instances = "/sys/kernel/tracing/instances";
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Lines_say_what_the_packets_were_and_whose_they_are()
    {
        using var receiver = Register();
        using var reader = TraceReader.Open();
        var before = Libc.ReadClock(Libc.CLOCK_MONOTONIC);

        var port = Send([0xCA, 0xFE, 1, 7, 0, 2, .. "abc"u8]);
        Send([0xFE, 0xCA, 1, 1, 0, 0]);
        Send([0xCA, 0xFE, 1, 1, 0, 9]);
        Send([0xCA]);

        var valid = reader.Read(s_patience)!;
        Assert.Equal(Invariant($"customproto[{receiver.ProgramId}]: type 7, length 2, trailing 1, from port {port} to port 12345"), valid.Text);
        Assert.Equal(receiver.ProgramId, valid.ProgramId);
        Assert.InRange(valid.MonotonicNanoseconds, before - 1000, Libc.ReadClock(Libc.CLOCK_MONOTONIC));
        Assert.InRange(valid.Timestamp, DateTimeOffset.Now.AddSeconds(-10), DateTimeOffset.Now.AddSeconds(1));
        Assert.InRange(valid.Cpu, 0, Environment.ProcessorCount - 1);
        Assert.StartsWith(Invariant($"customproto[{receiver.ProgramId}]: BadMagic, UDP length 14, from port "), reader.Read(s_patience)!.Text, StringComparison.Ordinal);
        Assert.StartsWith(Invariant($"customproto[{receiver.ProgramId}]: BadLength, UDP length 14, from port "), reader.Read(s_patience)!.Text, StringComparison.Ordinal);
        Assert.StartsWith(Invariant($"customproto[{receiver.ProgramId}]: Truncated, UDP length 9, from port "), reader.Read(s_patience)!.Text, StringComparison.Ordinal);
        Assert.False(reader.TryRead(out _));
        Assert.Equal(0, reader.Lost);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Two_readers_get_every_line_each()
    {
        using var receiver = Register();
        using var first = TraceReader.Open();
        using var second = TraceReader.Open(all: true);
        const int Sent = 500;
        for (var i = 0; i < Sent; i++)
        {
            Send([0xCA, 0xFE, 1, (byte)i, 0, 0]);
        }

        foreach (var reader in (TraceReader[])[first, second])
        {
            var types = new List<string>();
            while (types.Count < Sent)
            {
                var line = reader.Read(s_patience)!;
                if (line.ProgramId == receiver.ProgramId)
                {
                    types.Add(line.Text.Split(' ', ',')[2]);
                }
            }

            Assert.Equal(Enumerable.Range(0, Sent).Select(i => ((byte)i).ToString(CultureInfo.InvariantCulture)), types);
            Assert.Equal(0, reader.Lost);
        }
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Nothing_is_traced_where_tracing_is_off()
    {
        using var silent = Register(trace: false);
        using var reader = TraceReader.Open(all: true);
        using var messages = silent.OpenReader();
        Send([0xCA, 0xFE, 1, 1, 0, 0]);
        Assert.NotNull(messages.Read(s_patience));
        while (reader.TryRead(out var line))
        {
            Assert.NotEqual(silent.ProgramId, line.ProgramId);
        }
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Waiting_ends_by_cancelling_by_time_and_with_every_single_line()
    {
        using var receiver = Register();
        using var reader = TraceReader.Open();
        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(1)));
        using var stop = new CancellationTokenSource();
        var waiting = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(() => reader.Read(Timeout.InfiniteTimeSpan, stop.Token)));
        stop.Cancel();
        Assert.True(waiting.Wait(s_patience));

        for (var i = 0; i < 200; i++)
        {
            var next = Task.Run(() => reader.Read(s_patience));
            Send([0xCA, 0xFE, 1, 1, 0, 0]);
            Assert.NotNull(next.Result);
        }
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Lost_lines_are_counted_exactly()
    {
        using var receiver = Register();
        using var reader = TraceReader.Open();
        var instance = Assert.Single(OwnInstances());
        File.WriteAllText(Path.Combine(instance, "buffer_size_kb"), "8");
        const int Sent = 2000;
        for (var i = 0; i < Sent; i++)
        {
            Send([0xCA, 0xFE, 1, 1, 0, 0]);
        }

        var read = 0;
        var told = 0L;
        while (reader.TryRead(out var line))
        {
            read++;
            told += line.LostBefore;
        }

        Assert.InRange(read, 1, Sent - 1);
        Assert.Equal(Sent - read, reader.Lost);
        Assert.Equal(reader.Lost, told);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Instance_is_gone_with_the_reader_and_that_of_a_killed_process_with_the_next()
    {
        using var child = Process.Start("sleep", "1000");
        var left = $"{Instances}/customproto-{child.Id}-{ProcessStart.Read(child.Id)}-0123abcd";
        Directory.CreateDirectory(left);
        try
        {
            using (TraceReader.Open())
            {
                Assert.Single(OwnInstances());
                Assert.True(Directory.Exists(left), "The instance of a living process was swept.");
            }

            Assert.Empty(OwnInstances());
            child.Kill();
            child.WaitForExit();
            using (TraceReader.Open())
            {
                Assert.False(Directory.Exists(left), "The instance of a dead process was left.");
            }
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill();
            }

            if (Directory.Exists(left))
            {
                Directory.Delete(left);
            }
        }
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Options_that_somebody_set_for_the_whole_system_do_not_matter()
    {
        const string Option = "/sys/kernel/tracing/options/irq-info";
        var before = File.ReadAllText(Option);
        using var receiver = Register();
        try
        {
            File.WriteAllText(Option, "0");
            using var reader = TraceReader.Open();
            Send([0xCA, 0xFE, 1, 1, 0, 0]);
            Assert.Equal(receiver.ProgramId, reader.Read(s_patience)!.ProgramId);
        }
        finally
        {
            File.WriteAllText(Option, before.Trim());
        }
    }

    static string[] OwnInstances() => Directory.GetDirectories(Instances, $"customproto-{Environment.ProcessId}-*");

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    Receiver Register(bool trace = true) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(TestNetwork.Right),
        MatchAction = MatchAction.Drop,
        Trace = trace,
    }));

    /// <returns>The port it came from.</returns>
    int Send(byte[] payload) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        Assert.Equal(payload.Length, socket.Send(payload));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    });
}

using System.Globalization;
using System.Net.Sockets;
using CustomProto.Capture;
using CustomProto.KernelTests;
using CustomProto.Native;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>How fast messages are read, by the library and in the pipeline, and how much of a CPU it takes.</summary>
sealed partial class ReceiveArea : IDisposable
{
    const int Port = 12345;
    const int DataLength = 64;
    const double RateTarget = 0.95;
    const double CpuTarget = 1.1;
    const double LatencyTarget = 1000;
    const double CaptureTarget = 1_000_000;

    /// <summary>Room for all messages of a run, in whatever order the two sides get the processor.</summary>
    const int RingSize = 1 << 28;

    internal const string Remarks =
        """
        Messages with 64 bytes of data over IPv4, from one network namespace to another over a veth pair, sent from the kernel
        (`peers/live_frames.c`) at its full rate: what one processor sends and receives, of two of which the reader has the other.
        "Full ring" is reading messages that are there already. The peer in C, `peers/ring_reader.c`, reads the same ring of the same program with
        libbpf's `ring_buffer__consume` and `ring_buffer__poll`, has itself woken by the program in the same way, and is compiled with `-O2`; both
        look at each message's size and loss. Where messages come fast, ours waits a tenth of a millisecond for several instead of being woken for each.
        CPU time is the reader's. In the pipeline, the peer is a cmdlet that only writes objects which are there already, `WriteObject` a message:
        objects that a pipeline has passed on before, so that PowerShell's wrapper around each is there already, too; without it
        ("bare") is what any cmdlet has to write that makes them.
        "1 % match" goes from when messages are sent to when those that match are read: by the kernel's filter, or by `Where-Object`.
        tshark and Scapy (`sniff`) listen on the interface while the same messages are sent, and pass on, to a socket.
        "First message" is from when the kernel program saw it, with the reader asleep, to when the reader has it, or `ForEach-Object` behind it.
        """;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
    readonly Receiver _receiver;
    readonly int _messages;

    ReceiveArea(Settings settings)
    {
        _settings = settings;
        _messages = settings.Quick ? 20_000 : 1_000_000;
        _receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Right),
            MatchAction = MatchAction.Drop,
            RingSize = settings.Quick ? ReceiverOptions.DefaultRingSize : RingSize,
            Persist = true,
        }));
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new ReceiveArea(settings);
        return [.. area.CompareReaders(), area.CompareCapture(), area.CompareFirstMessage(), .. area.ComparePipelines(), area.CompareTools()];
    }

    public void Dispose()
    {
        _network.Run(TestNetwork.Right, _receiver.Unregister);
        _peers.Dispose();
        _network.Dispose();
    }

    List<Comparison> CompareReaders()
    {
        using var peer = new RingPeer(_peers, _receiver);

        // Not in the numbers: what .NET compiles, in several steps, and memory that is touched for the first time.
        for (var i = 0; i < 5; i++)
        {
            Measure(whileSending: false, ReadBorrowed);
            Measure(whileSending: false, peer.Read);
        }

        return
        [
            .. Compare("full ring, library", whileSending: false, peer),
            .. Compare("live at full rate, library", whileSending: true, peer),
        ];
    }

    /// <summary>Comparisons with the reader in C, of the rates and the CPU time; and what ours lost and allocated.</summary>
    List<Comparison> Compare(string load, bool whileSending, RingPeer peer)
    {
        const string Peer = "`ring_buffer__consume`, C";
        var rates = new Comparison(load, "messages/s", new Series("ours"), new Series(Peer) { TargetRatio = RateTarget }) { MoreIsBetter = true };
        var times = new Comparison($"{load}, CPU time", "ns/message", new Series("ours"), new Series(Peer) { TargetRatio = CpuTarget });
        var lost = new Comparison($"{load}, lost", "messages", new Series("ours")) { Target = 0 };
        var allocated = new Comparison($"{load}, allocated", "bytes/message", new Series("ours")) { Target = 0 };
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var ours = Measure(whileSending, ReadBorrowed);
            Add(ours, rates.Ours, times.Ours);
            lost.Ours.Values.Add(ours.Lost);
            allocated.Ours.Values.Add(Math.Round((double)ours.Allocated / ours.Work.Packets, 1));
            Add(Measure(whileSending, peer.Read), rates.Peers[0], times.Peers[0]);
        }

        return [rates, times, lost, allocated];
    }

    static void Add(Reading reading, Series rates, Series times)
    {
        rates.Values.Add(reading.Work.Rate);
        times.Values.Add(reading.Work.CpuNanoseconds);
    }

    Reading Measure(bool whileSending, Func<int, Reading> read)
    {
        if (!whileSending)
        {
            Send(_messages);
            return read(_messages);
        }

        var reading = Task.Run(() => read(_messages));
        Send(_messages);
        return reading.Result;
    }

    Work Send(long messages, int data = DataLength) => _peers.Run(_network, TestNetwork.Left, "live_frames", FrameArguments(messages, data));

    /// <summary>Reads and looks at messages where they are, until as many were read or lost.</summary>
    Reading ReadBorrowed(int messages)
    {
        using var reader = _receiver.OpenReader();
        var (read, lost, sum, started, cpu, allocated) = (0L, 0L, 0L, 0L, 0L, 0L);
        while (read + lost < messages && reader.Wait(s_patience))
        {
            if (read == 0)
            {
                started = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
                cpu = Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID);
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            foreach (var record in reader.Borrow())
            {
                read++;
                lost += record.LostBefore;
                sum += record.Payload.Length;
            }
        }

        var elapsed = Libc.ReadClock(Libc.CLOCK_MONOTONIC) - started;
        cpu = Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID) - cpu;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return sum == read * (6 + DataLength)
            ? new Reading(new Work(read, TimeSpan.FromMicroseconds(elapsed / 1000.0), TimeSpan.FromMicroseconds(cpu / 1000.0)), lost, allocated)
            : throw new InvalidOperationException($"{read} messages have {sum} bytes.");
    }

    /// <summary>From a full ring to a file, as Export-CustomCapture does it.</summary>
    Comparison CompareCapture()
    {
        const int Warm = 2;
        var comparison = new Comparison("full ring, capture to file", "messages/s", new Series("`MessageReader.TryWrite`")) { MoreIsBetter = true, Target = CaptureTarget };
        var path = Path.Combine(Path.GetTempPath(), $"customproto-benchmark-{Environment.ProcessId}.pcapng");
        try
        {
            for (var i = 0; i < Warm + _settings.Pairs; i++)
            {
                Send(_messages);
                using var reader = _receiver.OpenReader();
                var started = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
                using (var capture = CaptureWriter.Create(path, overwrite: true))
                {
                    while (capture.Packets + capture.Lost < _messages && (reader.TryWrite(capture) || reader.Wait(s_patience)))
                    {
                    }
                }

                var elapsed = (Libc.ReadClock(Libc.CLOCK_MONOTONIC) - started) / 1e9;
                if (i >= Warm)
                {
                    comparison.Ours.Values.Add(_messages / elapsed);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }

        return comparison;
    }

    /// <summary>A message to a reader that has slept for a while.</summary>
    Comparison CompareFirstMessage()
    {
        const int Warm = 5;
        var comparison = new Comparison("first message, library", "µs", new Series("ours")) { Target = LatencyTarget };
        var idle = TimeSpan.FromMilliseconds(_settings.Quick ? 5 : 50);
        using var socket = _network.Run(TestNetwork.Left, () => new UdpClient(TestNetwork.IPv4(TestNetwork.Right), Port));
        using var reader = _receiver.OpenReader();
        for (var i = 0; i < Warm + (4 * _settings.Pairs); i++)
        {
            var waiting = Task.Run(() => (Message: reader.Read(s_patience)!, Time: Libc.ReadClock(Libc.CLOCK_MONOTONIC)));

            // The pause is what is measured after: a reader that has been asleep for so long.
            Thread.Sleep(idle);
            socket.Send([0xCA, 0xFE, 1, 1, 0, 0]);
            var (message, time) = waiting.Result;
            if (i >= Warm)
            {
                comparison.Ours.Values.Add((time - message.MonotonicNanoseconds) / 1e3);
            }
        }

        return comparison;
    }

    /// <summary>The arguments of what sends.</summary>
    static string FrameArguments(long messages, int data)
    {
        var (left, right) = (TestNetwork.Left, TestNetwork.Right);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{TestNetwork.InterfaceName(left)} {TestNetwork.Mac(left)} {TestNetwork.Mac(right)} {TestNetwork.IPv4(left)} {TestNetwork.IPv4(right)} {Port} {data} {messages}");
    }
}

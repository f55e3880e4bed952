using System.Diagnostics;
using System.Globalization;
using System.Net;
using CustomProto.Exchange;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Benchmarks;

/// <summary>How fast requests are answered, in the kernel and by a program, and what asking from a shell costs.</summary>
sealed class RespondArea : IDisposable
{
    const int Port = 12345;
    const int DataLength = 64;
    const int Rounds = 5;
    const double RoundTripTarget = 0.1;
    const string Client = "udp_ping";
    const string Service = "udp_echo";
    const string Least = "turn";

    internal const string Remarks =
        """
        Requests with 64 bytes of data over IPv4, from one network namespace to another over a veth pair. The client, `peers/udp_ping.c`,
        sends a request and waits in `recv` for its response; the peer of the responder in the kernel, `peers/udp_echo.c`, waits in `recvfrom`
        and answers with `sendto`; both are compiled with `-O2`. They are kept on different processors, as they would be on two hosts. An XDP
        program that passes everything on runs at both ends, whoever answers.

        A service is rarely asked without a pause, so the goal is judged by a client that sends a request each millisecond: there, the
        program that answers has gone to sleep and has to be woken. That client keeps its processor during the pause, as tools that measure
        latency do: how long its own processor takes to get going again is no part of the answer. Further rows tell of a client that
        sleeps, too, which adds the same to either, and of one without a pause, where both processors stay awake, which spares the program
        most of its waking. A veth pair hands packets over within the call that sends
        them, so a response of the kernel is there before the client asks for it; a cable's time and the client's waking would be on top of either.
        A number is the median of five short rounds, which alternate with those of the others.

        "The least that answers", `peers/turn.bpf.c`, is a program in the driver that exchanges the addresses and does nothing else: what it takes is
        the kernel's way there and back, and no responder takes less. Where even it misses the goal, the goal can't be reached on that machine.

        At full rate, requests are those of our
        in-kernel sender, and the responder has no limit: every request that its program saw was counted as answered, as limited or as unanswerable, or the run fails.
        What came before a program could see it was dropped by the interface, for both. A whole call is the mean of many: in the library, with one
        requester and programs registered for both stamps; in a shell, with one command a request, at a UDP socket.
        """;

    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(1);

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
    readonly Receiver _client;

    RespondArea(Settings settings)
    {
        _settings = settings;
        _client = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Left),
            RingSize = ReceiverOptions.MinRingSize,
        }));
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new RespondArea(settings);
        return [.. area.CompareRoundTrips(), .. area.CompareRequests(), area.CompareRates()];
    }

    public void Dispose()
    {
        _client.Dispose();
        _peers.Dispose();
        _network.Dispose();
    }

    List<Comparison> CompareRoundTrips()
    {
        RoundTrips[] all =
        [
            new("a request each millisecond, client awake", s_pause, IsAwake: true) { Target = RoundTripTarget },
            new("a request each millisecond, client asleep", s_pause),
            new("without a pause", TimeSpan.Zero),
        ];
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            for (var round = 0; round < Rounds; round++)
            {
                using (RegisterResponder())
                {
                    Add(trips => trips.Ours);
                }

                using (Register())
                using (StartService())
                {
                    Add(trips => trips.Echo);
                }

                using (new PeerProgram(_network, TestNetwork.Right, _peers, Least))
                {
                    Add(trips => trips.Least);
                }
            }

            foreach (var trips in all)
            {
                trips.EndPair();
            }
        }

        return [.. all.SelectMany(trips => trips.Compare())];

        void Add(Func<RoundTrips, Quantiles> who)
        {
            foreach (var trips in all)
            {
                who(trips).Add(Ping(trips.Pause, trips.IsAwake));
            }
        }
    }

    /// <summary>What is added to the bare round trip, which a client in C measures, by asking from the library and from a shell.</summary>
    List<Comparison> CompareRequests()
    {
        var calls = _settings.Quick ? 200 : 5000;
        var library = new Comparison("a request, whole call", "µs", new Series("`Requester`, library"), new Series("client in C, p50"));
        var shell = new Comparison("a request, whole call", "µs", new Series("`Invoke-CustomRequest`"), new Series("client in C, p50"));
        var told = new Comparison("a request, the time it tells", "µs", new Series("`Requester`, p50, kernel to kernel"), new Series("client in C, p50"));
        using var responder = RegisterResponder();
        using var departures = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Left),
            AttachPoint = AttachPoint.TcEgress,
            RingSize = ReceiverOptions.MinRingSize,
        }));
        Ask(calls);
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var (call, stamped) = Ask(calls);
            library.Ours.Values.Add(call);
            told.Ours.Values.Add(stamped);
            if (_settings.PowerShell is not null)
            {
                shell.Ours.Values.Add(AskFromShell(calls));
            }

            var bare = Ping().Median;
            library.Peers[0].Values.Add(bare);
            told.Peers[0].Values.Add(bare);
            shell.Peers[0].Values.Add(bare);
        }

        return shell.Ours.Values.Count > 0 ? [library, shell, told] : [library, told];
    }

    Comparison CompareRates()
    {
        var rates = new Comparison("answers at full rate", "answers/s", new Series("responder in the kernel"), new Series("UDP echo, C")) { MoreIsBetter = true };
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            using (var responder = RegisterResponder())
            {
                var sent = Flood(responder);
                var counted = responder.ReadStatistics();
                if (counted.Seen != counted.Valid || counted.Valid != counted.Answered + counted.Limited + counted.Unanswerable)
                {
                    throw new InvalidOperationException($"Of {counted.Valid} requests, {counted.Answered} were answered, {counted.Limited} limited, {counted.Unanswerable} unanswerable.");
                }

                rates.Ours.Values.Add(counted.Answered / sent.Elapsed.TotalSeconds);
            }

            using (var server = Register())
            using (StartService())
            {
                var before = _client.ReadStatistics().Valid;
                var sent = Flood(server);
                rates.Peers[0].Values.Add((_client.ReadStatistics().Valid - before) / sent.Elapsed.TotalSeconds);
            }
        }

        return rates;
    }

    Receiver RegisterResponder() => Register(new ResponderOptions { Limit = 0, TotalLimit = 0 });

    Receiver Register(ResponderOptions? responder = null) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(TestNetwork.Right),
        RingSize = ReceiverOptions.MinRingSize,
        Responder = responder,
    }));

    /// <summary>Median and 99th percentile in microseconds.</summary>
    /// <param name="pause">How long the client waits before each request.</param>
    /// <param name="isAwake">Whether it keeps its processor meanwhile.</param>
    (double Median, double Tail) Ping(TimeSpan pause = default, bool isAwake = false)
    {
        var count = _settings.Quick ? 50 : pause == TimeSpan.Zero ? 5000 : 200;
        var line = _network.Execute(
            TestNetwork.Left,
            "taskset",
            string.Create(CultureInfo.InvariantCulture, $"--cpu-list 0 {_peers.Compile(Client)} {TestNetwork.IPv4(TestNetwork.Right)} {Port} {DataLength} {count} {pause.TotalMicroseconds} {(isAwake ? "awake" : "asleep")}"));
        double[] numbers = [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return numbers[0] >= 0.9 * count ? (numbers[1] / 1000, numbers[2] / 1000) : throw new InvalidOperationException($"{numbers[0]} of {count} requests were answered.");
    }

    /// <summary>Sends requests as fast as the in-kernel sender can; answers end at the client's program.</summary>
    /// <param name="server">The program that sees the requests.</param>
    SendResult Flood(Receiver server)
    {
        _client.MatchAction = MatchAction.Drop;
        var sent = _network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(new SendOptions { Destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), Transport = Transport.Xdp });
            sender.Send(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, new byte[DataLength - Stamps.Length]), _settings.Quick ? 20_000 : 2_000_000);
            return sender.Complete();
        });

        // What the sender has handed over is still on its way for a moment, which nothing tells the end of.
        for (var seen = -1L; seen != server.ReadStatistics().Seen; Thread.Sleep(1))
        {
            seen = server.ReadStatistics().Seen;
        }

        _client.MatchAction = MatchAction.Pass;
        return sent;
    }

    RunningService StartService()
    {
        var last = (Environment.ProcessorCount - 1).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("taskset", ["--cpu-list", last, _peers.Compile(Service), Port.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        var process = _network.Run(TestNetwork.Right, () => Process.Start(start)!);
        return process.StandardOutput.ReadLine() == "ready" ? new RunningService(process) : throw new InvalidOperationException("udp_echo doesn't run.");
    }

    /// <summary>The time of a call, and the median of the times that the results tell, in microseconds.</summary>
    (double Call, double Told) Ask(int calls) => _network.Run(TestNetwork.Left, () =>
    {
        using var requester = new Requester(new RequestOptions { RegisterPrograms = false });
        var destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right));
        var request = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, new byte[DataLength]);
        var times = new Series("");
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < calls; i++)
        {
            requester.Send(destination, request);
            if (requester.Next(Timeout.InfiniteTimeSpan)!.Result is { } result)
            {
                times.Values.Add(result.RoundTripTime.TotalMicroseconds);
            }
        }

        return (clock.Elapsed.TotalMicroseconds / calls, times.Median);
    });

    /// <summary>The time of a call, in microseconds, in a shell. The programs are this process's, so it receives at a UDP socket.</summary>
    double AskFromShell(int calls)
    {
        using var shell = new Shell(_settings, _network, TestNetwork.Left);
        var ask = $"foreach ($i in 1..{calls.ToString(CultureInfo.InvariantCulture)}) {{ Invoke-CustomRequest {TestNetwork.IPv4(TestNetwork.Right)} -Data (,0 * {DataLength}) -NoRegister }}";
        shell.Measure(ask);
        return shell.Measure(ask) * 1000 / calls;
    }

    /// <summary>What round trips took, whoever answered.</summary>
    /// <param name="Load">How the client asks.</param>
    /// <param name="Pause">How long it waits before each request.</param>
    /// <param name="IsAwake">Whether it keeps its processor meanwhile.</param>
    sealed record RoundTrips(string Load, TimeSpan Pause, bool IsAwake = false)
    {
        /// <summary>What was set as a goal for the ratio of the medians.</summary>
        internal double? Target { get; init; }

        internal Quantiles Ours { get; } = new("responder in the kernel");

        internal Quantiles Echo { get; } = new("UDP echo, C");

        internal Quantiles Least { get; } = new("the least that answers");

        internal void EndPair()
        {
            Ours.EndPair();
            Echo.EndPair();
            Least.EndPair();
        }

        /// <summary>Ours by the program's, and the least that there can be by the program's.</summary>
        internal IEnumerable<Comparison> Compare() =>
        [
            Compare("p50", Ours, who => who.Median, Target),
            Compare("p50", Least, who => who.Median, Target),
            Compare("p99", Ours, who => who.Tail),
            Compare("p99", Least, who => who.Tail),
        ];

        Comparison Compare(string quantile, Quantiles who, Func<Quantiles, Series> select, double? target = null) =>
            new($"round trip, {Load}, {quantile}", "µs", select(who), select(Echo) with { TargetRatio = target });
    }

    /// <summary>Median and 99th percentile of round trips: for each pair, the medians of its rounds'.</summary>
    sealed class Quantiles(string name)
    {
        readonly List<(double Median, double Tail)> _rounds = [];

        internal Series Median { get; } = new(name);

        internal Series Tail { get; } = new(name);

        internal void Add((double Median, double Tail) round) => _rounds.Add(round);

        internal void EndPair()
        {
            Median.Values.Add(Series.MedianOf(_rounds.Select(round => round.Median)));
            Tail.Values.Add(Series.MedianOf(_rounds.Select(round => round.Tail)));
            _rounds.Clear();
        }
    }

    /// <summary>The peer while it runs; it goes on until it is killed.</summary>
    sealed class RunningService(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime;
using CustomProto.KernelTests;
using CustomProto.Native;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Benchmarks;

/// <summary>How fast each transport sends, and how much of a CPU it takes.</summary>
sealed partial class SendArea : IDisposable
{
    const int Port = 12345;
    const int DataLength = 64;
    const double RateTarget = 0.95;
    const double CpuTarget = 1.1;
    const double ScapyTarget = 150;
    const int ScapyPackets = 2000;

    /// <summary>How many times the sides take turns in a pair, over a socket.</summary>
    const int SocketTurns = 20;

    /// <summary>The same with live frames: the end of each call takes the kernel 25 ms, whoever makes it, which long turns keep small.</summary>
    const int LiveFrameTurns = 12;

    /// <summary>How many rounds there may be before those that count.</summary>
    const int MaxWarmUps = 10;

    internal const string Remarks =
        """
        Messages with 64 bytes of data over IPv4, from one network namespace to another over a veth pair, on one thread; what the packets'
        way through the network stack costs the sender is in the numbers, and is the same for all. The peers in C,
        `tests/CustomProto.Benchmarks/peers/*_sendmmsg.c`, are compiled with `-O2`, send the same frame again and again, 64 a system
        call, as ours does, which gives each IPv4 packet an identification of its own. Scapy is called as `sendp(packet, count=N, verbose=0)`, and
        with the bytes of the frame instead of the packet. CPU time is the sender's. What else the machine's host runs makes the same
        program twice as fast or as slow from one second to the next, so ours and the peers in C share a pair in 20 short turns (Xdp: 12),
        and each is first in every other one; all are kept on the same CPU, on another one after two turns, and their times are summed.
        Start-up isn't in the numbers of either, and ours keeps its socket: before, there are turns that don't count until .NET has nothing
        more to compile, as it does that on another CPU, which may be the other half of the sender's core.

        Xdp sends to an interface with a program that drops everything (`peers/drop.bpf.c`). Its peer in C, `peers/live_frames.c`, has the kernel
        send live frames with the same work for each packet: sequence number, time, checksum. Ours also writes the rest of every frame anew, as
        a receiver may have left its own there; the peer takes what the kernel hands it. The load "from two threads" goes over a
        veth pair with two queues. In the pipeline, what is measured is strings a second, from an array and
        from a file of 100,000 lines; the commands take turns four times in a pair, and what a command takes to begin and end is in the numbers.
        What is sent there is dropped at the receiving interface, too: over a veth pair, the receiving host's work would be the sender's.
        """;

    static readonly IPAddress s_right = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right));

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
    readonly IReadOnlyList<int> _cpus = CpuSet.Allowed();
    readonly UdpClient _sink;

    SendArea(Settings settings)
    {
        _settings = settings;

        // Nobody reads it: when its buffer is full, datagrams are dropped, but none is answered with ICMP port unreachable.
        _sink = _network.Run(TestNetwork.Right, () => new UdpClient(Port));
        _sink.Client.ReceiveBufferSize = 0;
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new SendArea(settings);
        return [.. area.CompareRaw(), .. area.CompareUdp(), .. area.CompareXdp(), area.CompareThreads(), .. area.CompareRates(), .. area.ComparePipelines()];
    }

    public void Dispose()
    {
        _sink.Dispose();
        _peers.Dispose();
        _network.Dispose();
    }

    List<Comparison> CompareRaw()
    {
        var packets = _settings.Quick ? 50_000 : 1_000_000;
        var scapyPackets = _settings.Quick ? ScapyPackets / 10 : ScapyPackets;
        return Compare(
            "Raw",
            Transport.Raw,
            packets,
            new Peer("`sendmmsg` on AF_PACKET, C", count => _peers.Run(_network, TestNetwork.Left, "raw_sendmmsg", FrameArguments(count)), RateTarget, CpuTarget),
            new Peer("Scapy, packet", _ => Scapy("packet", scapyPackets), ScapyTarget) { TakesTurns = false },
            new Peer("Scapy, ready bytes", _ => Scapy("bytes", scapyPackets)) { TakesTurns = false });
    }

    List<Comparison> CompareUdp()
    {
        var packets = _settings.Quick ? 50_000 : 1_000_000;
        var arguments = string.Create(CultureInfo.InvariantCulture, $"{TestNetwork.IPv4(TestNetwork.Right)} {Port} {DataLength}");
        return Compare(
            "Udp",
            Transport.Udp,
            packets,
            new Peer("`sendmmsg` on UDP, C", count => _peers.Run(_network, TestNetwork.Left, "udp_sendmmsg", $"{arguments} {count}"), RateTarget, CpuTarget));
    }

    /// <summary>Two comparisons, of the rates and of the CPU time.</summary>
    List<Comparison> Compare(string load, Transport transport, long packets, params Peer[] peers)
    {
        var options = new SendOptions { Destination = s_right, Transport = transport };
        var rates = new Comparison(load, "packets/s", new Series("ours"), [.. peers.Select(peer => new Series(peer.Name) { TargetRatio = peer.RateTarget })]) { MoreIsBetter = true };
        var times = new Comparison($"{load}, CPU time", "ns/packet", new Series("ours"), [.. peers.Select(peer => new Series(peer.Name) { TargetRatio = peer.CpuTarget })]);

        WarmUp(options, packets / 10, [.. peers.Where(peer => peer.TakesTurns)]);
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var (ours, theirs) = TakeTurns(options, packets, peers);
            Add(ours, rates.Ours, times.Ours);
            for (var i = 0; i < peers.Length; i++)
            {
                Add(theirs[i], rates.Peers[i], times.Peers[i]);
            }
        }

        return [rates, times];
    }

    /// <summary>
    /// Takes turns until that made .NET compile nothing more. It compiles what runs often a second time, on a thread of its own, which takes
    /// CPU time and, on a processor with two threads, some of the sender's core.
    /// </summary>
    void WarmUp(SendOptions options, long packets, Peer[] peers)
    {
        var compiled = -1L;
        for (var round = 0; round < (_settings.Quick ? 1 : MaxWarmUps) && compiled != JitInfo.GetCompiledMethodCount(); round++)
        {
            compiled = JitInfo.GetCompiledMethodCount();
            TakeTurns(options, packets, peers);
        }
    }

    /// <summary>
    /// One pair: a turn of ours, one of each peer, and so on. Every other time ours comes last, and after two turns all move to another
    /// CPU: what else runs on a physical processor slows only one of them.
    /// </summary>
    (Work Ours, Work[] Theirs) TakeTurns(SendOptions options, long packets, Peer[] peers)
    {
        var turns = _settings.Quick ? 2 : options.Transport == Transport.Xdp ? LiveFrameTurns : SocketTurns;
        var ours = default(Work);
        var theirs = new Work[peers.Length];
        using var sender = _network.Run(TestNetwork.Left, () => Sender.Open(options));
        var payload = PayloadFor(options);
        _network.Run(TestNetwork.Left, () => sender.Send(payload, SendBatch.MaxCount));
        for (var turn = 0; turn < turns; turn++)
        {
            // Threads and processes are kept where their parent is.
            _network.Run(TestNetwork.Left, () =>
            {
                CpuSet.Pin(_cpus[turn / 2 % _cpus.Count]);
                TakeTurn(turn);
            });
        }

        return (ours, theirs);

        void TakeTurn(int turn)
        {
            if (turn % 2 == 0)
            {
                ours += Measure(_network, sender, payload, packets / turns);
            }

            for (var i = 0; i < peers.Length; i++)
            {
                theirs[i] += peers[i].TakesTurns ? peers[i].Run(packets / turns) : turn == 0 ? peers[i].Run(packets) : default;
            }

            if (turn % 2 != 0)
            {
                ours += Measure(_network, sender, payload, packets / turns);
            }
        }
    }

    static void Add(Work work, Series rates, Series times)
    {
        rates.Values.Add(work.Rate);
        times.Values.Add(work.CpuNanoseconds);
    }

    /// <summary>Opens a sender, and sends.</summary>
    static Work Send(TestNetwork network, SendOptions options, long packets)
    {
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(options));
        var payload = PayloadFor(options);
        network.Run(TestNetwork.Left, () => sender.Send(payload, SendBatch.MaxCount));
        return Measure(network, sender, payload, packets);
    }

    static byte[] PayloadFor(SendOptions options)
    {
        var data = new byte[options.Transport == Transport.Xdp && options.Stamp ? DataLength - Stamps.Length : DataLength];
        return MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, data);
    }

    /// <summary>Sends, and takes the CPU time of the whole process: the in-kernel sender has threads of its own.</summary>
    static Work Measure(TestNetwork network, Sender sender, byte[] payload, long packets) => network.Run(TestNetwork.Left, () =>
    {
        var cpu = Libc.ReadClock(Libc.CLOCK_PROCESS_CPUTIME_ID);
        var started = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        sender.Send(payload, packets);
        var elapsed = Libc.ReadClock(Libc.CLOCK_MONOTONIC) - started;
        cpu = Libc.ReadClock(Libc.CLOCK_PROCESS_CPUTIME_ID) - cpu;
        return new Work(packets, TimeSpan.FromMicroseconds(elapsed / 1000.0), TimeSpan.FromMicroseconds(cpu / 1000.0));
    });

    Work Scapy(string form, int packets) => Work.Parse(_network.Execute(
        TestNetwork.Left, "/usr/bin/python3", $"{Path.Combine(AppContext.BaseDirectory, "peers", "scapy_sendp.py")} {form} {FrameArguments(packets)}"));

    /// <summary>The arguments of the peers that make frames.</summary>
    static string FrameArguments(long packets)
    {
        var (left, right) = (TestNetwork.Left, TestNetwork.Right);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{TestNetwork.InterfaceName(left)} {TestNetwork.Mac(left)} {TestNetwork.Mac(right)} {TestNetwork.IPv4(left)} {TestNetwork.IPv4(right)} {Port} {DataLength} {packets}");
    }

    /// <summary>Who is compared with.</summary>
    sealed record Peer(string Name, Func<long, Work> Run, double? RateTarget = null, double? CpuTarget = null)
    {
        /// <summary>Whether it starts fast enough to send in many short turns, and not all at once.</summary>
        internal bool TakesTurns { get; init; } = true;
    }
}

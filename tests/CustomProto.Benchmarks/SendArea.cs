using System.Globalization;
using System.Net;
using System.Net.Sockets;
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

    internal const string Remarks =
        """
        Messages with 64 bytes of data over IPv4, from one network namespace to another over a veth pair, on one thread; what the packets'
        way through the network stack costs the sender is in the numbers, and is the same for all. The peers in C,
        `tests/CustomProto.Benchmarks/peers/*_sendmmsg.c`, are compiled with `-O2`, send the same frame again and again, 64 a system
        call, as ours does, which gives each IPv4 packet an identification of its own. Scapy is called as `sendp(packet, count=N, verbose=0)`, and
        with the bytes of the frame instead of the packet. CPU time is the sender's.

        Xdp sends to an interface with a program that drops everything (`peers/drop.bpf.c`). Its peer in C, `peers/live_frames.c`, has the kernel
        send live frames with the same work for each packet: sequence number, time, checksum. The load "from two threads" goes over a
        veth pair with two queues. In the pipeline, what is measured is strings a second, from an array and from a file.
        """;

    static readonly IPAddress s_right = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right));

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
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
            () => Send(Transport.Raw, packets),
            new Peer("`sendmmsg` on AF_PACKET, C", () => _peers.Run(_network, TestNetwork.Left, "raw_sendmmsg", FrameArguments(packets)), RateTarget, CpuTarget),
            new Peer("Scapy, packet", () => Scapy("packet", scapyPackets), ScapyTarget),
            new Peer("Scapy, ready bytes", () => Scapy("bytes", scapyPackets)));
    }

    List<Comparison> CompareUdp()
    {
        var packets = _settings.Quick ? 50_000 : 1_000_000;
        var arguments = string.Create(CultureInfo.InvariantCulture, $"{TestNetwork.IPv4(TestNetwork.Right)} {Port} {DataLength} {packets}");
        return Compare(
            "Udp",
            () => Send(Transport.Udp, packets),
            new Peer("`sendmmsg` on UDP, C", () => _peers.Run(_network, TestNetwork.Left, "udp_sendmmsg", arguments), RateTarget, CpuTarget));
    }

    /// <summary>Two comparisons, of the rates and of the CPU time.</summary>
    List<Comparison> Compare(string load, Func<Work> ours, params Peer[] peers)
    {
        var rates = new Comparison(load, "packets/s", new Series("ours"), [.. peers.Select(peer => new Series(peer.Name) { TargetRatio = peer.RateTarget })]) { MoreIsBetter = true };
        var times = new Comparison($"{load}, CPU time", "ns/packet", new Series("ours"), [.. peers.Select(peer => new Series(peer.Name) { TargetRatio = peer.CpuTarget })]);

        // Not in the numbers: what .NET compiles, and what is read from disk once.
        ours();
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            Add(ours(), rates.Ours, times.Ours);
            for (var i = 0; i < peers.Length; i++)
            {
                Add(peers[i].Run(), rates.Peers[i], times.Peers[i]);
            }
        }

        return [rates, times];
    }

    static void Add(Work work, Series rates, Series times)
    {
        rates.Values.Add(work.Rate);
        times.Values.Add(work.CpuNanoseconds);
    }

    Work Send(Transport transport, long packets) => Send(_network, new SendOptions { Destination = s_right, Transport = transport }, packets);

    /// <summary>Sends, and takes the CPU time of the whole process: the in-kernel sender has threads of its own.</summary>
    static Work Send(TestNetwork network, SendOptions options, long packets) => network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(options);
        var data = new byte[options.Transport == Transport.Xdp && options.Stamp ? DataLength - Stamps.Length : DataLength];
        var payload = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, data);
        sender.Send(payload, SendBatch.MaxCount);
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
    sealed record Peer(string Name, Func<Work> Run, double? RateTarget = null, double? CpuTarget = null);
}

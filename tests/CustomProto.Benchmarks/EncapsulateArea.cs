using System.Diagnostics;
using System.Globalization;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>What it costs two programs that know nothing of the protocol to talk it.</summary>
sealed class EncapsulateArea : IDisposable
{
    const int Port = 9000;
    const double Target = 0.9;
    const string Client = "udp_blast";
    const string Server = "udp_sink";

    internal const string Remarks =
        """
        Plain datagrams over IPv4, from one network namespace to another over a veth pair, as fast as the sender can: what arrived in a
        second at the receiver, from the first datagram to the last. The two programs, `peers/udp_blast.c` and `peers/udp_sink.c`, are
        compiled with `-O2`, make one system call a datagram, and are kept on different processors; the kernel takes the datagrams through both hosts'
        stacks on the sender's. With encapsulation, both hosts have a program for what leaves and one for what arrives, as
        `Register-TcProgram` attaches them: the header is added and removed once a datagram. Nobody reads the messages, so the rings are full, and every one is counted.
        """;

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();

    EncapsulateArea(Settings settings) => _settings = settings;

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new EncapsulateArea(settings);
        return [area.Compare(1400), area.Compare(100)];
    }

    public void Dispose()
    {
        _peers.Dispose();
        _network.Dispose();
    }

    Comparison Compare(int length)
    {
        var rates = new Comparison(
            string.Create(CultureInfo.InvariantCulture, $"{length:N0} bytes of data"),
            "datagrams/s",
            new Series("with encapsulation"),
            new Series("without") { TargetRatio = Target })
        {
            MoreIsBetter = true,
        };
        Transfer(length);
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            rates.Ours.Values.Add(TransferEncapsulated(length));
            rates.Peers[0].Values.Add(Transfer(length).Rate);
        }

        return rates;
    }

    /// <summary>Datagrams per second, each of which had the header on its way.</summary>
    double TransferEncapsulated(int length)
    {
        using var leaving = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var arriving = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var answering = Register(TestNetwork.Right, Encapsulation.Encapsulate);
        using var answered = Register(TestNetwork.Left, Encapsulation.Decapsulate);
        var received = Transfer(length);
        var (added, removed) = (leaving.ReadEncapsulation()!.Encapsulated, arriving.ReadEncapsulation()!.Decapsulated);
        return added >= removed && removed >= received.Packets && added == Count
            ? received.Rate
            : throw new InvalidOperationException($"Of {Count} datagrams, {added} got the header, {removed} lost it, and {received.Packets} came.");
    }

    /// <summary>What the receiver got of what the sender sent.</summary>
    Work Transfer(int length)
    {
        var last = (Environment.ProcessorCount - 1).ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo("taskset", ["--cpu-list", last, _peers.Compile(Server), $"{Port}", $"{length}"]) { RedirectStandardOutput = true };
        using var server = _network.Run(TestNetwork.Right, () => Process.Start(start)!);
        if (server.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"{Server} doesn't run.");
        }

        _network.Execute(
            TestNetwork.Left,
            "taskset",
            string.Create(CultureInfo.InvariantCulture, $"--cpu-list 0 {_peers.Compile(Client)} {TestNetwork.IPv4(TestNetwork.Right)} {Port} {length} {Count}"));
        var line = server.StandardOutput.ReadToEnd();
        server.WaitForExit();
        return server.ExitCode == 0 ? Work.Parse(line) : throw new InvalidOperationException($"Nothing came to {Server}.");
    }

    int Count => _settings.Quick ? 20_000 : 1_000_000;

    Receiver Register(int host, Encapsulation way) => _network.Run(host, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(host),
        AttachPoint = way == Encapsulation.Encapsulate ? AttachPoint.TcEgress : AttachPoint.TcIngress,
        Encapsulation = way,
        Ports = [Port],
        RingSize = ReceiverOptions.MinRingSize,
        PeerCapacity = 0,
    }));
}

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
    const int Rounds = 8;
    const string Plain = "plain";
    const string Client = "udp_source";
    const string Server = "udp_sink";

    internal const string Remarks =
        """
        Plain datagrams over IPv4, from one network namespace to another over a veth pair: how many a second arrive and are acknowledged. The
        two programs, `peers/udp_source.c` and `peers/udp_sink.c`, are compiled with `-O2`, make one system call a datagram, and let at most 256
        be on their way, so that none is lost. With encapsulation, both hosts have a program for what leaves and one for
        what arrives, as `Register-TcProgram` attaches them: the header is added and removed once a datagram. Nobody reads the messages, so the
        rings are full, and every one is counted. Without it, they talk over a second veth pair beside the first. A number is the mean of eight
        short transfers, which alternate with those of the other, so that a moment's disturbance hits both.

        The goal is judged where each host has a processor of its own, for its program and for its part of the kernel, as two hosts
        have: what arrives is received on the host's processor (`rps_cpus`). Left alone, a veth pair has the sender's processor do the kernel's work of
        both hosts while the other waits; the last rows tell what that costs. There, adding and removing the header stand in one datagram's time
        together.
        """;

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();

    EncapsulateArea(Settings settings)
    {
        _settings = settings;
        _network.Connect(TestNetwork.Left, $"{Plain}{TestNetwork.Left}", TestNetwork.Right, $"{Plain}{TestNetwork.Right}");
        foreach (var host in (int[])[TestNetwork.Left, TestNetwork.Right])
        {
            _network.Ip(host, $"address add {PlainAddress(host)}/24 dev {Plain}{host}");
        }
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new EncapsulateArea(settings);
        area.ReceiveOn(TestNetwork.Left, processor: 0);
        area.ReceiveOn(TestNetwork.Right, LastProcessor);
        Comparison[] apart = [area.Compare(1400, "", Target), area.Compare(100, "", Target)];
        area.ReceiveOn(TestNetwork.Left, processor: null);
        area.ReceiveOn(TestNetwork.Right, processor: null);
        return [.. apart, area.Compare(1400, ", one processor for both kernels"), area.Compare(100, ", one processor for both kernels")];
    }

    public void Dispose()
    {
        _peers.Dispose();
        _network.Dispose();
    }

    /// <summary>Has a host's kernel receive on one processor; without one, where the packets come from.</summary>
    void ReceiveOn(int host, int? processor)
    {
        var mask = processor is { } number ? 1 << number : 0;
        foreach (var name in (string[])[TestNetwork.InterfaceName(host), $"{Plain}{host}"])
        {
            var command = string.Create(CultureInfo.InvariantCulture, $"mount -t sysfs sysfs /sys && echo {mask:x} > /sys/class/net/{name}/queues/rx-0/rps_cpus");
            _network.Execute(host, "unshare", $"--mount sh -c \"{command}\"");
        }
    }

    Comparison Compare(int length, string where, double? target = null)
    {
        var rates = new Comparison(
            string.Create(CultureInfo.InvariantCulture, $"{length:N0} bytes of data{where}"),
            "datagrams/s",
            new Series("with encapsulation"),
            new Series("without") { TargetRatio = target })
        {
            MoreIsBetter = true,
        };
        using var leaving = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var arriving = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var answering = Register(TestNetwork.Right, Encapsulation.Encapsulate);
        using var answered = Register(TestNetwork.Left, Encapsulation.Decapsulate);
        Transfer(PlainAddress(TestNetwork.Right), length);
        Transfer(TestNetwork.IPv4(TestNetwork.Right), length);
        var transferred = (long)Count;
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var (with, without) = (TimeSpan.Zero, TimeSpan.Zero);
            for (var round = 0; round < Rounds; round++)
            {
                with += Transfer(TestNetwork.IPv4(TestNetwork.Right), length);
                without += Transfer(PlainAddress(TestNetwork.Right), length);
                transferred += Count;
            }

            rates.Ours.Values.Add(Rounds * Count / with.TotalSeconds);
            rates.Peers[0].Values.Add(Rounds * Count / without.TotalSeconds);
        }

        var (added, removed) = (leaving.ReadEncapsulation()!.Encapsulated, arriving.ReadEncapsulation()!.Decapsulated);
        return (added, removed) == (transferred, transferred)
            ? rates
            : throw new InvalidOperationException($"Of {transferred} datagrams, {added} got the header and {removed} lost it.");
    }

    /// <summary>The time from the first datagram to the acknowledgement of the last.</summary>
    TimeSpan Transfer(string address, int length)
    {
        var start = new ProcessStartInfo("taskset", ["--cpu-list", $"{LastProcessor}", _peers.Compile(Server), $"{Port}", $"{length}", $"{Count}"]) { RedirectStandardOutput = true };
        using var server = _network.Run(TestNetwork.Right, () => Process.Start(start)!);
        if (server.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"{Server} doesn't run.");
        }

        var line = _network.Execute(
            TestNetwork.Left,
            "taskset",
            string.Create(CultureInfo.InvariantCulture, $"--cpu-list 0 {_peers.Compile(Client)} {address} {Port} {length} {Count}"));
        server.WaitForExit();
        return Work.Parse(line).Elapsed;
    }

    static string PlainAddress(int host) => $"198.51.100.{host + 1}";

    static int LastProcessor => Environment.ProcessorCount - 1;

    int Count => _settings.Quick ? 5_000 : 50_000;

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

using System.Diagnostics;
using System.Globalization;
using CustomProto.Bpf;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>What it costs two programs that know nothing of the protocol to talk it.</summary>
sealed class EncapsulateArea : IDisposable
{
    const int Port = 9000;
    const double Target = 0.9;
    const int Rounds = 12;
    const string Plain = "plain";
    const string Least = "least";
    const string Client = "udp_source";
    const string Server = "udp_sink";

    internal const string Remarks =
        """
        Plain datagrams over IPv4, from one network namespace to another over a veth pair: how many a second arrive and are acknowledged. The
        two programs, `peers/udp_source.c` and `peers/udp_sink.c`, are compiled with `-O2`, make one system call a datagram, and let at most 256
        be on their way, so that none is lost. With encapsulation, both hosts have a program for what leaves and one for
        what arrives, as `Register-TcProgram` attaches them: the header is added and removed once a datagram. Nobody reads the messages, so the
        rings are full, and every one is counted. Without it, they talk over a second veth pair beside the first. A number is the mean of twelve
        short transfers, which alternate with those of the others, so that a moment's disturbance hits all.

        "The least that encapsulates", `peers/wrap.bpf.c`, on a third pair, moves the payload and changes the lengths, and does nothing else:
        no encapsulation at tc takes less. On a veth pair, most of that is to fetch the bytes that the sender's processor has only just written.
        A socket would do so later, and a network card has written them to memory. Where even it misses the goal, the goal can't be reached on
        that machine.

        The goal is judged where each host has a processor of its own, for its program and for its part of the kernel, as two hosts
        have: what arrives is received on the host's processor (`rps_cpus`). Left alone, a veth pair has the sender's processor do the kernel's work of
        both hosts while the other waits; the last rows tell what that costs. There, adding and removing the header stand in one datagram's time
        together.
        """;

    /// <summary>All orders of three, so that none is more often than another the first, or the one after another.</summary>
    static readonly int[][] s_orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]];

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
    readonly List<AttachedProgram> _least = [];

    EncapsulateArea(Settings settings)
    {
        _settings = settings;
        foreach (var name in (string[])[Plain, Least])
        {
            _network.Connect(TestNetwork.Left, $"{name}{TestNetwork.Left}", TestNetwork.Right, $"{name}{TestNetwork.Right}");
            foreach (var host in (int[])[TestNetwork.Left, TestNetwork.Right])
            {
                _network.Ip(host, $"address add {Address(name, host)}/24 dev {name}{host}");
            }
        }

        _network.Run(TestNetwork.Left, () => AttachLeast(TestNetwork.Left));
        _network.Run(TestNetwork.Right, () => AttachLeast(TestNetwork.Right));
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new EncapsulateArea(settings);
        area.ReceiveOn(TestNetwork.Left, processor: 0);
        area.ReceiveOn(TestNetwork.Right, LastProcessor);
        Comparison[] apart = [.. area.Compare(1400, "", Target), .. area.Compare(100, "", Target)];
        area.ReceiveOn(TestNetwork.Left, processor: null);
        area.ReceiveOn(TestNetwork.Right, processor: null);
        return [.. apart, .. area.Compare(1400, ", one processor for both kernels"), .. area.Compare(100, ", one processor for both kernels")];
    }

    public void Dispose()
    {
        _least.ForEach(program => program.Dispose());
        _peers.Dispose();
        _network.Dispose();
    }

    /// <summary>Has a host's kernel receive on one processor; without one, where the packets come from.</summary>
    void ReceiveOn(int host, int? processor)
    {
        var mask = processor is { } number ? 1 << number : 0;
        foreach (var name in (string[])[TestNetwork.InterfaceName(host), $"{Plain}{host}", $"{Least}{host}"])
        {
            var command = string.Create(CultureInfo.InvariantCulture, $"mount -t sysfs sysfs /sys && echo {mask:x} > /sys/class/net/{name}/queues/rx-0/rps_cpus");
            _network.Execute(host, "unshare", $"--mount sh -c \"{command}\"");
        }
    }

    Comparison[] Compare(int length, string where, double? target = null)
    {
        var load = string.Create(CultureInfo.InvariantCulture, $"{length:N0} bytes of data{where}");
        var with = new Series("with encapsulation");
        var least = new Series("the least that encapsulates");
        var without = new Series("without") { TargetRatio = target };
        using var leaving = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var arriving = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var answering = Register(TestNetwork.Right, Encapsulation.Encapsulate);
        using var answered = Register(TestNetwork.Left, Encapsulation.Decapsulate);
        string[] addresses = [TestNetwork.IPv4(TestNetwork.Right), Address(Least, TestNetwork.Right), Address(Plain, TestNetwork.Right)];
        foreach (var address in addresses)
        {
            // The first asks for the neighbour, and waits for it with no more than fits the queue there.
            Transfer(address, length, 1);
            Transfer(address, length, Count);
        }

        var transferred = 1L + Count;
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var times = new TimeSpan[addresses.Length];
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var turn in s_orders[round % s_orders.Length])
                {
                    times[turn] += Transfer(addresses[turn], length, Count);
                }

                transferred += Count;
            }

            with.Values.Add(Rounds * Count / times[0].TotalSeconds);
            least.Values.Add(Rounds * Count / times[1].TotalSeconds);
            without.Values.Add(Rounds * Count / times[2].TotalSeconds);
        }

        var (added, removed) = (leaving.ReadEncapsulation()!.Encapsulated, arriving.ReadEncapsulation()!.Decapsulated);
        return (added, removed) == (transferred, transferred)
            ? [new Comparison(load, "datagrams/s", with, without) { MoreIsBetter = true }, new Comparison(load, "datagrams/s", least, without) { MoreIsBetter = true }]
            : throw new InvalidOperationException($"Of {transferred} datagrams, {added} got the header and {removed} lost it.");
    }

    /// <summary>The time from the first datagram to the acknowledgement of the last.</summary>
    TimeSpan Transfer(string address, int length, int count)
    {
        var start = new ProcessStartInfo("taskset", ["--cpu-list", $"{LastProcessor}", _peers.Compile(Server), $"{Port}", $"{length}", $"{count}"]) { RedirectStandardOutput = true };
        using var server = _network.Run(TestNetwork.Right, () => Process.Start(start)!);
        if (server.StandardOutput.ReadLine() != "ready")
        {
            throw new InvalidOperationException($"{Server} doesn't run.");
        }

        var line = _network.Execute(
            TestNetwork.Left,
            "taskset",
            string.Create(CultureInfo.InvariantCulture, $"--cpu-list 0 {_peers.Compile(Client)} {address} {Port} {length} {count}"));
        server.WaitForExit();
        return Work.Parse(line).Elapsed;
    }

    static string Address(string name, int host) => $"{(name == Plain ? "198.51.100" : "203.0.113")}.{host + 1}";

    static int LastProcessor => Environment.ProcessorCount - 1;

    int Count => _settings.Quick ? 5_000 : 50_000;

    void AttachLeast(int host)
    {
        using var loading = BpfObject.Open("wrap", File.ReadAllBytes(_peers.CompileBpf("wrap")));
        loading.Load("wrap", "unwrap");
        var link = NetworkLinks.Get($"{Least}{host}");
        using var wrap = loading.TakeProgram("wrap");
        using var unwrap = loading.TakeProgram("unwrap");
        _least.Add(TcxLink.Attach(wrap, link, AttachPoint.TcEgress));
        _least.Add(TcxLink.Attach(unwrap, link, AttachPoint.TcIngress));
    }

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

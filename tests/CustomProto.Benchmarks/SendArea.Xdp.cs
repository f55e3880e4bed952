using System.Globalization;
using CustomProto.KernelTests;
using CustomProto.Send;

namespace CustomProto.Benchmarks;

/// <content>The in-kernel sender, rates, and the pipeline.</content>
sealed partial class SendArea
{
    const double XdpScapyTarget = 1500;
    const double PacedRate = 10_000;
    const double ArrayTarget = 100_000;
    const double FileTarget = 0.6;
    const int Strings = 100_000;

    /// <summary>How many times the commands take turns in a pair: one turn is too short for the machine's ups and downs to even out.</summary>
    const int PipelineTurns = 4;

    /// <summary>How often each command runs before: .NET compiles what runs often a second time, while it goes on.</summary>
    const int PipelineWarmUp = 3;

    List<Comparison> CompareXdp()
    {
        var packets = _settings.Quick ? 200_000 : 30_000_000;
        var scapyPackets = _settings.Quick ? ScapyPackets / 10 : ScapyPackets;
        using var drop = new PeerProgram(_network, TestNetwork.Right, _peers, "drop");
        return Compare(
            "Xdp, one thread",
            Transport.Xdp,
            packets,
            new Peer("live frames, C", count => _peers.Run(_network, TestNetwork.Left, "live_frames", FrameArguments(count)), RateTarget, CpuTarget),
            new Peer("Scapy, packet", _ => Scapy("packet", scapyPackets), XdpScapyTarget) { TakesTurns = false });
    }

    /// <summary>How it scales: a pair of queues for each of two threads.</summary>
    Comparison CompareThreads()
    {
        var packets = _settings.Quick ? 200_000 : 10_000_000;
        using var network = new TestNetwork(permanentNeighbours: true);
        network.Execute(TestNetwork.Left, "ethtool", "-L veth0 rx 2 tx 2");
        network.Execute(TestNetwork.Right, "ethtool", "-L veth1 rx 2 tx 2");
        using var drop = new PeerProgram(network, TestNetwork.Right, _peers, "drop");
        var two = new Series("two threads");
        var one = new Series("one thread");
        Send(network, Options(1), packets);
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            two.Values.Add(Send(network, Options(Math.Min(2, Environment.ProcessorCount)), packets).Rate);
            one.Values.Add(Send(network, Options(1), packets).Rate);
        }

        return new Comparison("Xdp, from two threads", "packets/s", two, one) { MoreIsBetter = true };

        SendOptions Options(int threads) => new() { Destination = s_right, Transport = Transport.Xdp, Threads = threads };
    }

    /// <summary>How far a rate is off, in percent of what was asked for.</summary>
    List<Comparison> CompareRates()
    {
        using var drop = new PeerProgram(_network, TestNetwork.Right, _peers, "drop");
        var comparisons = new List<Comparison>();
        foreach (var transport in (Transport[])[Transport.Raw, Transport.Udp, Transport.Xdp])
        {
            var off = new Series($"`-Rate {PacedRate.ToString(CultureInfo.InvariantCulture)}`, {transport}");
            for (var pair = 0; pair < _settings.Pairs; pair++)
            {
                off.Values.Add(_network.Run(TestNetwork.Left, () => MeasureRate(transport)));
            }

            comparisons.Add(new Comparison($"Rate for {Seconds} s, how far off", "%", off) { Target = 1 });
        }

        return comparisons;
    }

    int Seconds => _settings.Quick ? 1 : 10;

    double MeasureRate(Transport transport)
    {
        using var sender = Sender.Open(new SendOptions { Destination = s_right, Transport = transport });
        sender.Send(Protocol.CustomMessage.Create(Protocol.ProtocolDefinition.Default, Protocol.MessageType.Request, new byte[DataLength - Stamps.Length]));
        var packets = sender.Packets;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        sender.Send(
            Protocol.CustomMessage.Create(Protocol.ProtocolDefinition.Default, Protocol.MessageType.Request, new byte[DataLength - Stamps.Length]),
            new SendPlan { Count = (long)(PacedRate * Seconds) + 1, Pace = new SendPace(PacedRate) });
        return Math.Abs(((sender.Packets - packets - 1) / clock.Elapsed.TotalSeconds / PacedRate) - 1) * 100;
    }

    List<Comparison> ComparePipelines()
    {
        if (_settings.PowerShell is null)
        {
            return [];
        }

        var strings = _settings.Quick ? Strings / 10 : Strings;
        var file = Path.GetTempFileName();
        try
        {
            using var drop = new PeerProgram(_network, TestNetwork.Right, _peers, "drop");
            File.WriteAllLines(file, Enumerable.Range(0, strings).Select(number => string.Create(CultureInfo.InvariantCulture, $"message number {number} of many")));
            using var shell = new Shell(_settings, _network, TestNetwork.Left);
            shell.Measure($"$lines = [IO.File]::ReadAllLines('{file}')");
            var array = new Series("array `\\| Send-CustomPacket`");
            var sent = new Series("`Get-Content \\| Send-CustomPacket`");
            var read = new Series("`Get-Content \\| Out-Null`") { TargetRatio = FileTarget };
            (Series Series, string Command)[] measured =
            [
                (array, "$lines | Send-CustomPacket 192.0.2.2 -Transport Raw"),
                (sent, $"Get-Content '{file}' | Send-CustomPacket 192.0.2.2 -Transport Raw"),
                (read, $"Get-Content '{file}' | Out-Null"),
            ];
            TakeTurns(PipelineWarmUp);
            for (var pair = 0; pair < _settings.Pairs; pair++)
            {
                var turns = _settings.Quick ? 1 : PipelineTurns;
                var times = TakeTurns(turns);
                for (var i = 0; i < measured.Length; i++)
                {
                    measured[i].Series.Values.Add(turns * strings * 1000.0 / times[i]);
                }
            }

            return
            [
                new Comparison("pipeline", "strings/s", array) { MoreIsBetter = true, Target = ArrayTarget },
                new Comparison("pipeline", "strings/s", sent, read) { MoreIsBetter = true },
            ];

            // Every other turn goes backwards, so that each command is first as often as last.
            double[] TakeTurns(int turns)
            {
                var times = new double[measured.Length];
                for (var turn = 0; turn < turns; turn++)
                {
                    for (var i = 0; i < measured.Length; i++)
                    {
                        var which = turn % 2 == 0 ? i : measured.Length - 1 - i;
                        times[which] += shell.Measure(measured[which].Command);
                    }
                }

                return times;
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}

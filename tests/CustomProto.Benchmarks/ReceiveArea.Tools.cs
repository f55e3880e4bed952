using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <content>What other tools keep of the same load.</content>
sealed partial class ReceiveArea
{
    Comparison CompareTools()
    {
        var messages = _settings.Quick ? 20_000 : 200_000;
        var comparison = new Comparison($"kept of {messages:N0} at full rate", "%", new Series("ours"), new Series("`tshark -w`"), new Series("Scapy, `sniff(store=0)`")) { MoreIsBetter = true, Target = 100 };

        // So that nothing is answered with ICMP port unreachable.
        using var sink = _network.Run(TestNetwork.Right, () => new UdpClient(Port));
        _receiver.MatchAction = MatchAction.Pass;
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            var reading = Task.Run(() => ReadBorrowed(messages));
            Send(messages);
            comparison.Ours.Values.Add(100.0 * reading.Result.Work.Packets / messages);
            foreach (var peer in comparison.Peers)
            {
                using var tool = new Sniffer(_network, peer == comparison.Peers[0]);
                Send(messages);
                peer.Values.Add(100.0 * tool.Finish() / messages);
                using var reader = _receiver.OpenReader();
                reader.Skip();
            }
        }

        _receiver.MatchAction = MatchAction.Drop;
        return comparison;
    }

    /// <summary>tshark or Scapy, listening.</summary>
    sealed class Sniffer : IDisposable
    {
        readonly bool _isTshark;
        readonly string _file = Path.Combine(Path.GetTempPath(), $"customproto-sniffed-{Environment.ProcessId}.pcapng");
        readonly Process _process;

        internal Sniffer(TestNetwork network, bool isTshark)
        {
            _isTshark = isTshark;
            var name = TestNetwork.InterfaceName(TestNetwork.Right);
            var filter = string.Create(CultureInfo.InvariantCulture, $"udp port {Port}");
            var start = isTshark
                ? new ProcessStartInfo("tshark", ["-i", name, "-f", filter, "-w", _file])
                : new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "peers", "scapy_sniff.py"), name, filter]);
            start.RedirectStandardInput = true;
            start.RedirectStandardOutput = true;
            start.RedirectStandardError = true;
            _process = network.Run(TestNetwork.Right, () => Process.Start(start)!);

            // Each says when it listens.
            var output = isTshark ? _process.StandardError : _process.StandardOutput;
            while (output.ReadLine() is { } line && !line.StartsWith("Capturing on", StringComparison.Ordinal))
            {
            }
        }

        /// <summary>Has it stop, and asks how many it has.</summary>
        internal long Finish()
        {
            if (_isTshark)
            {
                var errors = _process.StandardError.ReadToEndAsync();
                Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
                _process.WaitForExit();
                _ = errors.Result;
                using var count = Process.Start(new ProcessStartInfo("capinfos", ["-c", "-M", "-T", "-r", _file]) { RedirectStandardOutput = true })!;
                return long.Parse(count.StandardOutput.ReadToEnd().Split('\t')[^1].Trim(), CultureInfo.InvariantCulture);
            }

            _process.StandardInput.Close();
            return long.Parse(_process.StandardOutput.ReadToEnd().Trim(), CultureInfo.InvariantCulture);
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
            File.Delete(_file);
        }
    }
}

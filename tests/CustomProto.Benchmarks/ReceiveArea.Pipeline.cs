using System.Globalization;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Native;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <content>The pipeline.</content>
sealed partial class ReceiveArea
{
    const double PipelineTarget = 0.8;
    const double FilterTarget = 10;

    /// <summary>A cmdlet that does nothing but write: the ceiling. In one line, as the shell takes commands.</summary>
    const string WriteReady =
        "Import-Module (Add-Type -PassThru -TypeDefinition '"
        + "using System.Management.Automation; "
        + "[Cmdlet(\"Write\", \"Ready\")] public sealed class WriteReadyCommand : PSCmdlet { "
        + "[Parameter] public object[] InputObject { get; set; } [Parameter] public int Count { get; set; } "
        + "protected override void EndProcessing() { for (int i = 0, at = 0; i < Count; i++) { WriteObject(InputObject[at]); if (++at == InputObject.Length) { at = 0; } } } }"
        + "public static class Bare { public static object[] Of(object[] wrapped) { return System.Array.ConvertAll(wrapped, one => one is PSObject ? ((PSObject)one).BaseObject : one); } }"
        + "').Assembly";

    /// <summary>Without a PowerShell there are no numbers.</summary>
    List<Comparison> ComparePipelines()
    {
        if (_settings.PowerShell is null)
        {
            return [];
        }

        var messages = _settings.Quick ? 5_000 : 500_000;
        var name = TestNetwork.InterfaceName(TestNetwork.Right);
        using var shell = new Shell(_settings, _network, TestNetwork.Right);
        shell.Measure(WriteReady);
        Send(1000);
        shell.Measure($"$script:ready = @(Get-CustomMessage {name} -NoWait); if ($ready.Count -ne 1000) {{ throw 'not all messages' }}");
        shell.Measure("$script:bare = [Bare]::Of($ready)");
        return
        [
            MeasureFirstMessage(shell, name),
            MeasureExport(shell, name),
            ComparePipeline("full ring, pipeline to Out-Null", messages, shell, name, "Out-Null"),
            ComparePipeline("full ring, pipeline to ForEach-Object", messages / 10, shell, name, "ForEach-Object { $_ } | Out-Null"),
            CompareFilter(shell, name),
        ];
    }

    /// <summary>As for the library: a message to a command that has slept for a while, until the next command of the pipeline has it.</summary>
    Comparison MeasureFirstMessage(Shell shell, string name)
    {
        const int Warm = 5;
        var comparison = new Comparison("first message, pipeline", "µs", new Series("`Get-CustomMessage`")) { Target = LatencyTarget };
        using var socket = _network.Run(TestNetwork.Left, () => new UdpClient(TestNetwork.IPv4(TestNetwork.Right), Port));
        for (var i = 0; i < Warm + (4 * _settings.Pairs); i++)
        {
            // A Stopwatch counts nanoseconds of the clock that the message was stamped with.
            var waiting = Task.Run(() => shell.Measure(
                $"Get-CustomMessage {name} -Count 1 | ForEach-Object {{ $script:figure = ([Diagnostics.Stopwatch]::GetTimestamp() - $_.MonotonicNanoseconds) / 1000 }}"));

            // The pause is what is measured after: a command that waits, and has for a while.
            Thread.Sleep(_settings.Quick ? 200 : 300);
            socket.Send([0xCA, 0xFE, 1, 1, 0, 0]);
            if (waiting.Result is var figure && i >= Warm)
            {
                comparison.Ours.Values.Add(figure);
            }
        }

        return comparison;
    }

    /// <summary>From when the first of many messages is sent, at full rate, to when all of them are in a file.</summary>
    Comparison MeasureExport(Shell shell, string name)
    {
        const int Warm = 2;
        var comparison = new Comparison("live at full rate, capture to file", "messages/s", new Series("`Export-CustomCapture`")) { MoreIsBetter = true, Target = CaptureTarget };
        var path = Path.Combine(Path.GetTempPath(), $"customproto-benchmark-{Environment.ProcessId}.pcapng");
        try
        {
            for (var i = 0; i < Warm + _settings.Pairs; i++)
            {
                var recording = Task.Run(() => shell.Measure(string.Create(
                    CultureInfo.InvariantCulture,
                    $"$script:figure = (Export-CustomCapture '{path}' -Interface {name} -Count {_messages} -IdleTimeout {s_patience.TotalSeconds} -PassThru).Packets")));

                // A command that records has to be waiting, which nothing tells another thread; what it would not record yet is an error below.
                Thread.Sleep(_settings.Quick ? 200 : 300);
                var started = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
                Send(_messages);
                var packets = recording.Result;
                var elapsed = (Libc.ReadClock(Libc.CLOCK_MONOTONIC) - started) / 1e9;
                if (packets < _messages)
                {
                    throw new InvalidOperationException($"{packets} of {_messages} messages are in the file.");
                }

                if (i >= Warm)
                {
                    comparison.Ours.Values.Add(packets / elapsed);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }

        return comparison;
    }

    /// <summary>
    /// A hundredth of the messages match. With 16 bytes of data, `live_frames` begins them with its sequence number, so those below 256 or
    /// 65,536 have a prefix in common. From when they are sent to when what matches is read.
    /// </summary>
    Comparison CompareFilter(Shell shell, string name)
    {
        const int Data = 16;
        const int Rarity = 100;
        var prefix = new byte[_settings.Quick ? 7 : 6];
        var matching = 1 << (8 * (sizeof(ulong) - prefix.Length));
        var unfiltered = _settings.Quick ? 2_000 : 50_000;
        var comparison = new Comparison("1 % match", "messages/s", new Series("filtered in the kernel"), new Series("`Where-Object`") { TargetRatio = FilterTarget }) { MoreIsBetter = true };
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            _receiver.SetFilter(Receiver.DefaultReader, new ReaderFilter { DataPrefix = prefix });
            var sent = (double)matching * Rarity;
            var seconds = Send((long)sent, Data).Elapsed.TotalSeconds;
            comparison.Ours.Values.Add(sent / (seconds + (shell.Measure($"Get-CustomMessage {name} -Count {matching} | Out-Null") / 1000)));

            _receiver.SetFilter(Receiver.DefaultReader, ReaderFilter.None);
            seconds = Send(unfiltered, Data).Elapsed.TotalSeconds;
            comparison.Peers[0].Values.Add(unfiltered / (seconds + (shell.Measure($"Get-CustomMessage {name} -Count {unfiltered} | Where-Object Type -eq 2 | Out-Null") / 1000)));
        }

        return comparison;
    }

    Comparison ComparePipeline(string load, int messages, Shell shell, string name, string rest)
    {
        var ready = new Series("`WriteObject` of ready objects") { TargetRatio = PipelineTarget };
        var bare = new Series("`WriteObject` of ready objects, bare");
        var comparison = new Comparison(load, "messages/s", new Series("`Get-CustomMessage`"), ready, bare) { MoreIsBetter = true };

        // The first rounds aren't in the numbers: .NET compiles in several steps.
        const int Warm = 2;
        for (var pair = -Warm; pair < _settings.Pairs; pair++)
        {
            Send(messages);
            Measure(comparison.Ours, $"Get-CustomMessage {name}");
            Measure(ready, "Write-Ready -InputObject $ready");
            Measure(bare, "Write-Ready -InputObject $bare");

            void Measure(Series series, string command)
            {
                var rate = messages / shell.Measure(string.Create(CultureInfo.InvariantCulture, $"{command} -Count {messages} | {rest}")) * 1000;
                if (pair >= 0)
                {
                    series.Values.Add(rate);
                }
            }
        }

        return comparison;
    }
}

using System.Globalization;
using CustomProto.KernelTests;
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
        return
        [
            ComparePipeline("full ring, pipeline to Out-Null", "`WriteObject` of ready objects", messages, shell, count => $"Get-CustomMessage {name} -Count {count} | Out-Null", count => $"Write-Ready -InputObject $ready -Count {count} | Out-Null"),
            ComparePipeline("full ring, pipeline to ForEach-Object", "`WriteObject` of ready objects", messages / 10, shell, count => $"Get-CustomMessage {name} -Count {count} | ForEach-Object {{ $_ }} | Out-Null", count => $"Write-Ready -InputObject $ready -Count {count} | ForEach-Object {{ $_ }} | Out-Null"),
            CompareFilter(shell, name),
        ];
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

    Comparison ComparePipeline(string load, string peer, int messages, Shell shell, Func<string, string> ours, Func<string, string> theirs)
    {
        var comparison = new Comparison(load, "messages/s", new Series("`Get-CustomMessage`"), new Series(peer) { TargetRatio = PipelineTarget }) { MoreIsBetter = true };

        // The first rounds aren't in the numbers: .NET compiles in several steps.
        const int Warm = 2;
        var count = messages.ToString(CultureInfo.InvariantCulture);
        for (var pair = -Warm; pair < _settings.Pairs; pair++)
        {
            Send(messages);
            var (our, their) = (messages / shell.Measure(ours(count)) * 1000, messages / shell.Measure(theirs(count)) * 1000);
            if (pair >= 0)
            {
                comparison.Ours.Values.Add(our);
                comparison.Peers[0].Values.Add(their);
            }
        }

        return comparison;
    }
}

using System.Management.Automation;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Reads the counters of this process's programs.</summary>
[Cmdlet(VerbsCommon.Get, "XdpStatistics", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(ReceiveStatistics))]
public sealed class GetXdpStatisticsCommand : ReceiverQueryCommand
{
    /// <summary>Chooses the view with rates, the one that takes the place of what it showed before, and the one with CPUs.</summary>
    const string RatesView = "CustomProto.Receive.ReceiveStatistics#Rates";
    const string WatchView = "CustomProto.Receive.ReceiveStatistics#Watch";
    const string CpuView = "CustomProto.Receive.ReceiveStatistics#PerCpu";

    static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    readonly List<(Receiver Receiver, object? Target)> _receivers = [];

    /// <summary>Whether each CPU's counters are emitted, instead of the sums.</summary>
    [Parameter]
    public SwitchParameter PerCpu { get; set; }

    /// <summary>The time between two readings, for the rates.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Interval { get; set; }

    /// <summary>Whether to go on reading until Ctrl+C.</summary>
    [Parameter]
    public SwitchParameter Watch { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        PreviousStatistics.Keep(Receivers.All);
        if (Interval <= TimeSpan.Zero && !Watch)
        {
            Write(Read(), view: PerCpu ? CpuView : null);
            return;
        }

        // The first reading is what the rates of the second are since.
        Read();
        var interval = Interval > TimeSpan.Zero ? Interval : s_second;
        StatisticsRound? round = null;
        while (_receivers.Count > 0 && !StopToken.WaitHandle.WaitOne(interval))
        {
            var receivers = _receivers.Count;
            var statistics = Read();
            if (!Watch || !IsShown)
            {
                Write(statistics, RatesView);
            }
            else
            {
                // An error stands below the round before.
                round = new StatisticsRound(statistics, _receivers.Count == receivers ? round : null);
                round.While(() => Write(statistics, WatchView));
            }

            if (!Watch)
            {
                return;
            }
        }
    }

    /// <summary>Whether what is emitted may be for a terminal: no command of this pipeline takes it.</summary>
    bool IsShown => MyInvocation.PipelinePosition == MyInvocation.PipelineLength && Host.UI is { SupportsVirtualTerminal: true };

    private protected override void Query(IReadOnlyList<Receiver> receivers, object? target) =>
        _receivers.AddRange(receivers.Select(receiver => (receiver, target)));

    void Write(List<ReceiveStatistics> statistics, string? view)
    {
        foreach (var one in statistics)
        {
            var output = new PSObject(one);
            if (view is not null)
            {
                output.TypeNames.Insert(0, view);
            }

            WriteObject(output);
        }
    }

    /// <summary>Reads all counters. A program that went away is an error, once.</summary>
    List<ReceiveStatistics> Read()
    {
        var statistics = new List<ReceiveStatistics>();
        foreach (var selected in _receivers.ToArray())
        {
            if (Attempt(() => selected.Receiver.ReadReaderStatistics(PerCpu), selected.Target, out var readers))
            {
                statistics.AddRange(readers.Select(PreviousStatistics.Compare));
            }
            else
            {
                _receivers.Remove(selected);
            }
        }

        return statistics;
    }
}

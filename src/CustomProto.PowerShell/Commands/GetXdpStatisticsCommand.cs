using System.Management.Automation;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Reads the counters of this process's programs.</summary>
[Cmdlet(VerbsCommon.Get, "XdpStatistics", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(ReceiveStatistics))]
public sealed class GetXdpStatisticsCommand : ReceiverQueryCommand
{
    /// <summary>Chooses the view with rates, and the one with CPUs.</summary>
    const string RatesView = "CustomProto.Receive.ReceiveStatistics#Rates";
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
            Write(view: PerCpu ? CpuView : null);
            return;
        }

        // The first reading is what the rates of the second are since.
        Read(emit: null);
        var interval = Interval > TimeSpan.Zero ? Interval : s_second;
        while (_receivers.Count > 0 && !StopToken.WaitHandle.WaitOne(interval))
        {
            Write(RatesView);
            if (!Watch)
            {
                return;
            }
        }
    }

    private protected override void Query(IReadOnlyList<Receiver> receivers, object? target) =>
        _receivers.AddRange(receivers.Select(receiver => (receiver, target)));

    void Write(string? view) => Read(statistics =>
    {
        var output = new PSObject(statistics);
        if (view is not null)
        {
            output.TypeNames.Insert(0, view);
        }

        WriteObject(output);
    });

    /// <summary>Reads all counters. A program that went away is an error, once.</summary>
    void Read(Action<ReceiveStatistics>? emit)
    {
        foreach (var selected in _receivers.ToArray())
        {
            if (!Attempt(() => selected.Receiver.ReadReaderStatistics(PerCpu), selected.Target, out var readers))
            {
                _receivers.Remove(selected);
                continue;
            }

            foreach (var statistics in readers)
            {
                var compared = PreviousStatistics.Compare(statistics);
                emit?.Invoke(compared);
            }
        }
    }
}

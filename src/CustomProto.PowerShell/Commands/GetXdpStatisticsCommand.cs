using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Reads the counters of this process's programs.</summary>
[Cmdlet(VerbsCommon.Get, "XdpStatistics", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(ReceiveStatistics))]
public sealed class GetXdpStatisticsCommand : CustomProtoCommand
{
    const string InterfaceSet = "Interface";
    const string InputObjectSet = "InputObject";

    /// <summary>Chooses the view with rates, and the one with CPUs.</summary>
    const string RatesView = "CustomProto.Receive.ReceiveStatistics#Rates";
    const string CpuView = "CustomProto.Receive.ReceiveStatistics#PerCpu";

    static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    readonly List<(Receiver Receiver, object? Target)> _receivers = [];

    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <summary>The programs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public IKernelProgram[] InputObject { get; set; } = [];

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
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (var program in InputObject)
            {
                Select(() => [InterfaceSelection.RequireReceiver(program)], program);
            }
        }
        else if (Interface is null)
        {
            Select(Receivers.Available, null);
        }
        else
        {
            foreach (var name in Interface)
            {
                Select(() => InterfaceSelection.RequireReceivers(name), name);
            }
        }
    }

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

    void Select(Func<IReadOnlyList<Receiver>> select, object? target)
    {
        if (Attempt(select, target, out var receivers))
        {
            _receivers.AddRange(receivers.Select(receiver => (receiver, target)));
        }
    }

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

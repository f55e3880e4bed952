using System.Diagnostics;
using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Messages;

/// <summary>What commands that read from programs have in common: from which, as which reader, how much and how long.</summary>
public abstract class ReadingCommand : FilteringCommand
{
    readonly List<Receiver> _receivers = [];
    readonly List<Receiver> _own = [];
    MergedReader? _reader;
    long _started;

    /// <summary>The programs to read from.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public KernelProgram[] InputObject { get; set; } = [];

    /// <summary>The reader to read as; one that isn't there is added while the command runs.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReaderCompleter))]
    public string Reader { get; set; } = Receiver.DefaultReader;

    /// <summary>How many messages to read.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>How long to read in all.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>How long to wait for the next message.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [DurationTransformation]
    public TimeSpan IdleTimeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Whether to return when what is there has been read.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Whether to pass over what is there already.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter New { get; set; }

    /// <summary>Whether there is a program to read from.</summary>
    private protected bool HasReceivers => _receivers.Count > 0;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        _own.ForEach(receiver => receiver.Dispose());
        base.Dispose(disposing);
    }

    private protected void AddPrograms()
    {
        foreach (var program in InputObject)
        {
            if (Attempt(() => InterfaceSelection.RequireReceiver(program), program, out var receiver))
            {
                Add([receiver]);
            }
        }
    }

    /// <summary>
    /// Adds the programs on interfaces; where there is none, one is registered while the command runs. Without names, adds all that this
    /// process has registered.
    /// </summary>
    private protected void AddInterfaces(IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
        {
            AddAll();
        }

        foreach (var name in names)
        {
            var own = _own.Count;
            if (Attempt(() => InterfaceSelection.ReceiversFor(name, _own), name, out var receivers))
            {
                _own.Skip(own).ToList().ForEach(receiver => WriteWarnings(receiver.Notices));
                Add(receivers);
            }
        }
    }

    void Add(IEnumerable<Receiver> receivers) => _receivers.AddRange(receivers.Where(receiver => !_receivers.Contains(receiver)));

    /// <summary>Opens the programs' readers. The time of the command begins.</summary>
    private protected bool TryOpenReader(out MergedReader reader)
    {
        if (!Attempt(OpenReader, null, out reader))
        {
            return false;
        }

        _started = Stopwatch.GetTimestamp();
        return true;
    }

    /// <summary>How long to wait for the next message.</summary>
    /// <returns>False when the time of the command is over.</returns>
    private protected bool TryWait(out TimeSpan wait)
    {
        wait = IdleTimeout;
        if (Timeout == System.Threading.Timeout.InfiniteTimeSpan)
        {
            return true;
        }

        var left = Timeout - Stopwatch.GetElapsedTime(_started);
        wait = wait == System.Threading.Timeout.InfiniteTimeSpan || left < wait ? left : wait;
        return left > TimeSpan.Zero;
    }

    /// <summary>Whether what was seen then came after the command began. On Linux, both are nanoseconds of CLOCK_MONOTONIC.</summary>
    private protected bool IsNew(long monotonicNanoseconds) => monotonicNanoseconds > _started;

    void AddAll()
    {
        if (!Attempt(Receivers.Available, null, out var receivers))
        {
            return;
        }

        Add(receivers);
        if (!HasReceivers)
        {
            WriteError(ErrorRecords.From(new CustomProtoException(
                FailureKind.NotFound,
                "NothingRegistered",
                "There is nothing to read from: this PowerShell process has registered no XDP program.",
                $"Run Register-XdpProgram first, or name an interface ({MyInvocation.MyCommand.Name} -Interface eth0): then a program is registered while the command runs.")));
        }
    }

    MergedReader OpenReader()
    {
        _reader = MergedReader.Open(_receivers, Reader, HasFilter ? ReadFilter() : null);
        if (New)
        {
            _reader.Skip();
        }

        return _reader;
    }
}

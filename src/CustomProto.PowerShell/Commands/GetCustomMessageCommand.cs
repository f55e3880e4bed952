using System.Diagnostics;
using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Streams the messages that registered programs receive.</summary>
[Cmdlet(VerbsCommon.Get, "CustomMessage", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(CustomMessage), typeof(RejectedPacket))]
public sealed class GetCustomMessageCommand : FilteringCommand
{
    const string InterfaceSet = "Interface";
    const string InputObjectSet = "InputObject";

    readonly List<Receiver> _receivers = [];
    readonly List<Receiver> _own = [];
    readonly LossReport _loss = new();
    readonly Func<object?> _next;
    MergedReader? _reader;
    long _started;
    bool _isDrained;

    /// <summary>Makes the command.</summary>
    public GetCustomMessageCommand() => _next = Next;

    /// <summary>The programs to read from.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public IKernelProgram[] InputObject { get; set; } = [];

    /// <summary>The interfaces to read from.</summary>
    [Parameter(Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <summary>The reader to read as; one that isn't there is added while the command runs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReaderCompleter))]
    public string Reader { get; set; } = Receiver.DefaultReader;

    /// <summary>How many messages to read.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>How long to read in all.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>How long to wait for the next message.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan IdleTimeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Whether to return when what is there has been read.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Whether to pass over what is there already.</summary>
    [Parameter]
    public SwitchParameter New { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (var program in InputObject)
            {
                if (Attempt(() => InterfaceSelection.RequireReceiver(program), program, out var receiver))
                {
                    Add([receiver]);
                }
            }
        }
        else if (Interface is null)
        {
            AddAll();
        }
        else
        {
            foreach (var name in Interface)
            {
                AddInterface(name);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_receivers.Count == 0 || !Attempt(Open, null, out _reader))
        {
            return;
        }

        _started = Stopwatch.GetTimestamp();
        for (var left = Count; left > 0 && TryRead(out var packet); left--)
        {
            if (packet is CustomMessage message && _loss.Begin(message) is { } warning)
            {
                WriteWarning(warning);
            }

            WriteObject(packet);
        }

        if (_loss.Sum is { } sum)
        {
            WriteWarning(sum);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        _own.ForEach(receiver => receiver.Dispose());
        base.Dispose(disposing);
    }

    void AddAll()
    {
        if (!Attempt(Receivers.Available, null, out var receivers))
        {
            return;
        }

        Add(receivers);
        if (_receivers.Count == 0)
        {
            WriteError(ErrorRecords.From(new CustomProtoException(
                FailureKind.NotFound,
                "NothingRegistered",
                "There is nothing to read from: this PowerShell process has registered no XDP program.",
                "Run Register-XdpProgram first, or name an interface (Get-CustomMessage -Interface eth0): then a program is registered while the command runs.")));
        }
    }

    void AddInterface(string name)
    {
        if (!Attempt(() => Receivers.On([NetworkLinks.Get(name)]), name, out var receivers))
        {
            return;
        }

        if (receivers.Count == 0)
        {
            if (!Attempt(() => Receiver.Register(new ReceiverOptions { Interface = name }), name, out var own))
            {
                return;
            }

            _own.Add(own);
            WriteWarnings(own.Notices);
            receivers = [own];
        }

        Add(receivers);
    }

    void Add(IEnumerable<Receiver> receivers) => _receivers.AddRange(receivers.Where(receiver => !_receivers.Contains(receiver)));

    MergedReader Open()
    {
        var reader = MergedReader.Open(_receivers, Reader, HasFilter ? ReadFilter() : null);
        if (New)
        {
            reader.Skip();
        }

        return reader;
    }

    /// <summary>Reads the next message. A receiver that goes away is an error, and the stream goes on with the others.</summary>
    bool TryRead(out object packet)
    {
        int open;
        do
        {
            open = _reader!.Count;
            if (open > 0 && Attempt(_next, null, out var next))
            {
                packet = next!;
                return next is not null;
            }
        }
        while (_reader.Count < open);

        packet = null!;
        return false;
    }

    object? Next()
    {
        if (NoWait)
        {
            return NextOld();
        }

        var wait = IdleTimeout;
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan)
        {
            var left = Timeout - Stopwatch.GetElapsedTime(_started);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            wait = wait == System.Threading.Timeout.InfiniteTimeSpan || left < wait ? left : wait;
        }

        if (!IncludeRejected)
        {
            return _reader!.Read(wait, StopToken);
        }

        return _reader!.Read(wait, out var message, out var rejected, StopToken) ? (object?)message ?? rejected : null;
    }

    /// <summary>Under steady traffic a ring never runs empty, so this ends where the time of the call begins.</summary>
    object? NextOld()
    {
        StopToken.ThrowIfCancellationRequested();
        CustomMessage? message;
        RejectedPacket? rejected = null;
        if (_isDrained || !(IncludeRejected ? _reader!.TryRead(out message, out rejected) : _reader!.TryRead(out message)))
        {
            return null;
        }

        // On Linux, both are nanoseconds of CLOCK_MONOTONIC.
        _isDrained = (message?.MonotonicNanoseconds ?? rejected!.MonotonicNanoseconds) > _started;
        return (object?)message ?? rejected;
    }
}

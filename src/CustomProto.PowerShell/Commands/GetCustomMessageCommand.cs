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
[OutputType(typeof(CustomMessage))]
public sealed class GetCustomMessageCommand : CustomProtoCommand
{
    const string InterfaceSet = "Interface";
    const string InputObjectSet = "InputObject";

    readonly List<Receiver> _receivers = [];
    readonly List<Receiver> _own = [];
    readonly LossReport _loss = new();
    readonly Func<CustomMessage?> _next;
    MergedReader? _reader;
    long _started;
    bool _isDrained;

    /// <summary>Makes the command.</summary>
    public GetCustomMessageCommand() => _next = Next;

    /// <summary>The programs to read from.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public XdpProgram[] InputObject { get; set; } = [];

    /// <summary>The interfaces to read from.</summary>
    [Parameter(Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

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
        for (var left = Count; left > 0 && TryRead(out var message); left--)
        {
            if (_loss.Begin(message) is { } warning)
            {
                WriteWarning(warning);
            }

            WriteObject(message);
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
        var reader = MergedReader.Open(_receivers);
        if (New)
        {
            reader.Skip();
        }

        return reader;
    }

    /// <summary>Reads the next message. A receiver that goes away is an error, and the stream goes on with the others.</summary>
    bool TryRead(out CustomMessage message)
    {
        int open;
        do
        {
            open = _reader!.Count;
            if (open > 0 && Attempt(_next, null, out var next))
            {
                message = next!;
                return next is not null;
            }
        }
        while (_reader.Count < open);

        message = null!;
        return false;
    }

    CustomMessage? Next()
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

        return _reader!.Read(wait, StopToken);
    }

    /// <summary>Under steady traffic a ring never runs empty, so this ends where the time of the call begins.</summary>
    CustomMessage? NextOld()
    {
        StopToken.ThrowIfCancellationRequested();
        if (_isDrained || !_reader!.TryRead(out var message))
        {
            return null;
        }

        // On Linux, both are nanoseconds of CLOCK_MONOTONIC.
        _isDrained = message.MonotonicNanoseconds > _started;
        return message;
    }
}

using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Streams the messages that registered programs receive.</summary>
[Cmdlet(VerbsCommon.Get, "CustomMessage", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(CustomMessage), typeof(RejectedPacket))]
public sealed class GetCustomMessageCommand : ReadingCommand
{
    readonly LossReport _loss = new();
    readonly Func<object?> _next;
    MergedReader _reader = null!;
    bool _isDrained;

    /// <summary>Makes the command.</summary>
    public GetCustomMessageCommand() => _next = Next;

    /// <summary>The interfaces to read from.</summary>
    [Parameter(Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            AddPrograms();
        }
        else
        {
            AddInterfaces(Interface);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!HasReceivers || !TryOpenReader(out _reader))
        {
            return;
        }

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

    /// <summary>Reads the next message. A receiver that goes away is an error, and the stream goes on with the others.</summary>
    bool TryRead(out object packet)
    {
        int open;
        do
        {
            open = _reader.Count;
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

        if (!TryWait(out var wait))
        {
            return null;
        }

        if (!IncludeRejected)
        {
            return _reader.Read(wait, StopToken);
        }

        return _reader.Read(wait, out var message, out var rejected, StopToken) ? (object?)message ?? rejected : null;
    }

    /// <summary>Under steady traffic a ring never runs empty, so this ends where the time of the call begins.</summary>
    object? NextOld()
    {
        StopToken.ThrowIfCancellationRequested();
        CustomMessage? message;
        RejectedPacket? rejected = null;
        if (_isDrained || !(IncludeRejected ? _reader.TryRead(out message, out rejected) : _reader.TryRead(out message)))
        {
            return null;
        }

        _isDrained = IsNew(message?.MonotonicNanoseconds ?? rejected!.MonotonicNanoseconds);
        return (object?)message ?? rejected;
    }
}

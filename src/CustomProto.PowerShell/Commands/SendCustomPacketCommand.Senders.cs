using System.Net;
using System.Runtime.ExceptionServices;
using CustomProto.PowerShell.Sending;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <content>The senders that are open, and what becomes of a packet.</content>
public sealed partial class SendCustomPacketCommand
{
    /// <summary>How many messages of a pipeline are sent before the next one is taken: a queue is for many.</summary>
    const int SentAtOnce = 64;

    /// <summary>
    /// How long a neighbour that didn't answer isn't asked again, in milliseconds: to ask takes seconds, which every message of a pipeline
    /// would wait for.
    /// </summary>
    const long SilenceTime = 30_000;

    readonly OpenSenders _senders = new();
    readonly HashSet<string> _saidNotices = [];
    readonly HashSet<SendOptions> _refused = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<IPAddress, (CustomProtoException Failure, long End)> _silent = [];
    SendQueue? _queue;
    long _sentAtOnce;

    /// <summary>Sends a payload, or a message if there is one.</summary>
    void Send(SendOptions options, ReadOnlySpan<byte> payload, CustomMessage? message, object target)
    {
        var isQueued = MayQueue(payload, message);
        if (!isQueued)
        {
            EmptyQueue();
        }

        var sender = _senders.Find(options);
        if (sender is null && (_refused.Contains(options) || !TryOpen(options, target, out sender)))
        {
            return;
        }

        if (!isQueued)
        {
            SendNow(sender, payload, message, target);
        }
        else if (!(_queue ??= new SendQueue(StopToken)).TryAdd(sender, options, payload, target))
        {
            EmptyQueue();
            Send(options, payload, null, target);
        }
    }

    /// <summary>Whether the pipeline may go on while a payload is sent. Somebody waits for a reply, which so goes at once.</summary>
    bool MayQueue(ReadOnlySpan<byte> payload, CustomMessage? message) =>
        MyInvocation.ExpectingInput
        && !_replies
        && message is null
        && !_sendsFrames
        && payload.Length <= SendQueue.MaxPayloadLength
        && _plan is { Count: 1, Duration: null, Pace: null }
        && _sentAtOnce >= SentAtOnce;

    /// <summary>Waits until what is in the queue is sent. What can't be is an error, and what came after it is sent now.</summary>
    void EmptyQueue()
    {
        if (_queue?.TryDrain() != false)
        {
            return;
        }

        var (failure, unsent) = _queue.TakeBack();
        _queue.Dispose();
        _queue = null;
        _sentAtOnce = 0;
        Report(failure, unsent[0].Sender, unsent[0].Target);
        foreach (var packet in unsent.AsSpan(1))
        {
            Send(packet.Options, packet.Payload.Span, null, packet.Target);
        }
    }

    /// <summary>Sends without closures, as this runs for each of a hundred thousand lines.</summary>
    void SendNow(Sender sender, ReadOnlySpan<byte> payload, CustomMessage? message, object target)
    {
        Exception failure;
        _sentAtOnce++;
        try
        {
            _ = message is not null ? sender.Send(message, _plan, StopToken)
                : _sendsFrames ? sender.SendFrame(payload, _plan, StopToken)
                : sender.Send(payload, _plan, StopToken);
            return;
        }
        catch (Exception exception) when (exception is OperationCanceledException || ErrorRecords.Covers(exception))
        {
            failure = exception;
        }

        Report(failure, sender, target);
    }

    /// <summary>Says why a packet couldn't be sent.</summary>
    void Report(Exception failure, Sender sender, object target)
    {
        if (failure is OperationCanceledException && StopToken.IsCancellationRequested)
        {
            return;
        }

        if (!ErrorRecords.Covers(failure))
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        WriteError(ErrorRecords.From(failure, target));

        // A message that can't be sent says nothing about the next. Any other failure may be over when the way is looked for again.
        if (failure is CustomProtoException and not { Kind: FailureKind.InvalidArgument or FailureKind.LimitExceeded })
        {
            Finish(_senders.Take(sender));
        }
    }

    bool TryOpen(SendOptions options, object target, out Sender sender)
    {
        EmptyQueue();
        if (_silent.TryGetValue(options.Destination, out var silence) && Environment.TickCount64 < silence.End)
        {
            sender = null!;
            WriteError(ErrorRecords.From(silence.Failure, target));
            return false;
        }

        if (!Attempt(() => Open(options), target, out sender))
        {
            return false;
        }

        if (_senders.Add(options, sender) is { } oldest)
        {
            Finish(oldest);
        }

        WriteVerbose(
            $"To {Name(sender.Destination, sender.DestinationPort)} from {Name(sender.SourceAddress, sender.SourcePort)} over {sender.Interface}, transport {sender.Transport}: {sender.Reason}.{DescribeStamp(sender)}");
        if (!IPAddress.IsLoopback(sender.Destination))
        {
            WriteWarnings(sender.Notices.Where(_saidNotices.Add));
        }

        return true;
    }

    /// <summary>Opens a sender. Parameters that don't fit, and a privilege that isn't there, do so no better for the next message: that is said once.</summary>
    Sender Open(SendOptions options)
    {
        try
        {
            return Sender.Open(options, StopToken);
        }
        catch (CustomProtoException exception) when (exception.Kind is FailureKind.InvalidArgument or FailureKind.PermissionDenied or FailureKind.NotInstalled)
        {
            _refused.Add(options);
            throw;
        }
        catch (CustomProtoException exception) when (exception.ErrorId == "NeighbourUnresolved")
        {
            _silent[options.Destination] = (exception, Environment.TickCount64 + SilenceTime);
            throw;
        }
    }

    void Finish(Sender sender)
    {
        EmptyQueue();
        using (sender)
        {
            // What the in-kernel sender gave to the interface isn't known to have left unless the counters say so.
            if ((PassThru || sender.Transport == Transport.Xdp) && Attempt(sender.Complete, null, out var result))
            {
                WarnAboutLoss(result);
                if (PassThru)
                {
                    WriteObject(result);
                }
            }
        }
    }
}

using System.Net;
using CustomProto.Native;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>
/// Sends requests and finds their responses, for many destinations at a time. A response comes from the address and port that the request
/// went to, to the port that it came from, and has the type of <see cref="RequestOptions.ResponseType"/>. Each try has a port of its own,
/// so that a late, a repeated or a foreign response is never taken for the answer to another request. For one thread at a time, in the
/// network namespace that the requests are sent in.
/// </summary>
/// <remarks>
/// Needs no privilege. With that for <see cref="Receive.Receiver.Register"/>, or a registered program, times end with the kernel's stamp on
/// the response. Nobody reads in the background: what arrives between two calls waits, with the time at which it came, in the program's
/// ring or at the socket.
/// </remarks>
public sealed class Requester : IDisposable
{
    /// <summary>How many tries are outstanding at most; further requests wait for their turn.</summary>
    const int MaxOutstanding = 128;

    readonly RequestOptions _options;
    readonly ResponseChannels _channels;
    readonly ResponseInput _input;
    readonly TryTable _tries = new();
    readonly Dictionary<IPAddress, RequestTarget> _targets = [];
    readonly Dictionary<IPAddress, ExchangeCounts> _lostCounts = [];
    readonly Queue<PendingRequest> _waiting = new();
    readonly Queue<RequestOutcome> _ended = new();

    /// <summary>Makes a requester; nothing is opened before the first request.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time-out isn't more than 0, or the number of retries is negative.</exception>
    public Requester(RequestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Timeout, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.Retry, nameof(options));
        _options = options;
        _channels = new ResponseChannels(options);
        _input = new ResponseInput(options.Protocol, _channels, _tries);
    }

    /// <summary>How many requests have no outcome yet, or one that wasn't taken yet.</summary>
    public int Pending => _waiting.Count + _tries.Outstanding + _ended.Count;

    /// <summary>Sends a request, or has it wait for its turn when very many are outstanding.</summary>
    /// <param name="destination">Whom to send it to.</param>
    /// <param name="request">A message of the protocol of <see cref="RequestOptions.Protocol"/>, which is sent whole.</param>
    /// <exception cref="CustomProtoException">
    /// An option can't be used, the message doesn't fit, or there is no way to the destination; nothing was sent, and no outcome comes.
    /// </exception>
    public void Send(IPAddress destination, CustomMessage request)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(request);
        _waiting.Enqueue(new PendingRequest(destination, Prepare(destination, request), request));
        StartWaiting();
    }

    /// <summary>Takes the next outcome if there is one, without waiting.</summary>
    public bool TryNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RequestOutcome? outcome)
    {
        if (_ended.Count == 0)
        {
            Progress();
        }

        return _ended.TryDequeue(out outcome);
    }

    /// <summary>Takes the next outcome, in the order in which they come about, and waits for it if need be.</summary>
    /// <param name="timeout">
    /// How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> until the next request has its outcome. A given time is waited for
    /// even when no request is pending: late responses are counted meanwhile.
    /// </param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>The outcome, or <see langword="null"/> when the time is over or no request is pending.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public RequestOutcome? Next(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var isInfinite = timeout == Timeout.InfiniteTimeSpan;
        var until = isInfinite ? long.MaxValue : Now + ToNanoseconds(timeout);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryNext(out var outcome))
            {
                return outcome;
            }

            if (Now >= until || (isInfinite && Pending == 0))
            {
                return null;
            }

            _input.Wait(Math.Min(until, _tries.Next?.DeadlineNanoseconds ?? long.MaxValue), cancellationToken);
        }
    }

    /// <summary>What came of the requests to a destination so far.</summary>
    public ExchangeCounts ReadCounts(IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var lost = _lostCounts.GetValueOrDefault(destination);
        return _targets.TryGetValue(destination, out var target) ? lost + target.Counts : lost;
    }

    /// <summary>How the responses of a destination come in and why, as a sentence without its full stop; empty before the first request.</summary>
    public string ReadReason(IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return !_targets.TryGetValue(destination, out var target)
            ? ""
            : $"responses come in {(target.Channel.Reader is null ? "at a UDP socket" : "through a program")} on '{target.Interface}': {target.Channel.Reason}";
    }

    /// <summary>Lets go of all ports, and detaches what was registered for this requester.</summary>
    public void Dispose()
    {
        _tries.Dispose();
        _channels.Dispose();
        _targets.Clear();
        _waiting.Clear();
    }

    /// <summary>Finds the way to a destination, and sees whether a request fits; sends nothing.</summary>
    /// <exception cref="CustomProtoException">As for <see cref="Send"/>.</exception>
    internal RequestTarget Prepare(IPAddress destination, CustomMessage request)
    {
        var target = FindTarget(destination);
        target.Check(request);
        return target;
    }

    static long Now => Libc.ReadClock(Libc.CLOCK_MONOTONIC);

    static long ToNanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    RequestTarget FindTarget(IPAddress destination)
    {
        if (!_targets.TryGetValue(destination, out var target))
        {
            target = RequestTarget.Find(_options, destination, _channels);
            _targets.Add(destination, target);
        }

        return target;
    }

    /// <summary>
    /// Does what is due. Responses come first: one that arrived in time is in time, however late this is called.
    /// </summary>
    void Progress()
    {
        _input.Read(Take, Lose);
        while (_tries.Next is { } next && next.DeadlineNanoseconds <= Now)
        {
            Expire(next);
        }

        StartWaiting();
    }

    void StartWaiting()
    {
        while (_tries.Outstanding < MaxOutstanding && _waiting.TryDequeue(out var request))
        {
            Start(request);
        }
    }

    void Start(PendingRequest request)
    {
        RequestTry? attempt = null;
        try
        {
            attempt = RequestTry.Open(request, request.Tries + 1, _tries.Contains);
            attempt.Send(_options.Timeout);
        }
        catch (CustomProtoException exception)
        {
            attempt?.Dispose();
            End(request, null, exception);
            return;
        }

        request.Tries++;
        request.Count(new ExchangeCounts { Sent = 1 });
        _tries.Add(attempt);
    }

    void Expire(RequestTry attempt)
    {
        var request = attempt.Request;
        ResponseInput.TakeErrors(attempt);
        _tries.End(attempt, TryState.Over);
        if (request.Tries <= _options.Retry)
        {
            Start(request);
        }
        else
        {
            End(request, null, RequestFailures.Expired(request, _options));
        }
    }

    /// <summary>Finds out what a message that came to a try's port is.</summary>
    void Take(RequestTry attempt, CustomMessage message, RoundTripClock clock)
    {
        var request = attempt.Request;
        var target = request.Target;
        if (message.Packet.Source != target.Address || message.SourcePort != target.EndPoint.Port
            || message.MonotonicNanoseconds < attempt.SentNanoseconds)
        {
            request.Foreign = new IPEndPoint(message.SourceAddress!, message.SourcePort);
            request.Count(new ExchangeCounts { Foreign = 1 });
        }
        else if (message.Type != _options.ResponseType && _options.Protocol.Type is not null)
        {
            request.OtherType = message.TypeName;
            request.Count(new ExchangeCounts { OtherType = 1 });
        }
        else if (attempt.State == TryState.Answered)
        {
            request.Count(new ExchangeCounts { Duplicates = 1 });
        }
        else if (attempt.State == TryState.Over || (message.MonotonicNanoseconds > attempt.DeadlineNanoseconds && clock != RoundTripClock.User))
        {
            // A response that is read late came in time unless a stamp tells otherwise.
            request.Count(new ExchangeCounts { Late = 1 });
        }
        else
        {
            request.Count(new ExchangeCounts { Answered = 1 });
            _tries.End(attempt, TryState.Answered);
            End(request, MakeResult(attempt, message, clock), null);
        }
    }

    static RequestResult MakeResult(RequestTry attempt, CustomMessage response, RoundTripClock clock)
    {
        var request = clock == RoundTripClock.Kernel ? attempt.Departure! : attempt.ToMessage();
        return new RequestResult
        {
            Destination = attempt.Request.Target.EndPoint.Address,
            DestinationPort = attempt.Request.Target.EndPoint.Port,
            Request = request,
            Response = response,
            RoundTripTime = TimeSpan.FromTicks((response.MonotonicNanoseconds - request.MonotonicNanoseconds) / TimeSpan.NanosecondsPerTick),
            Clock = clock,
            Try = attempt.Number,
        };
    }

    /// <summary>A reader came to its end: the outstanding requests of its channel have nowhere to be answered any more.</summary>
    void Lose(ResponseChannel channel, CustomProtoException exception)
    {
        foreach (var attempt in _tries.OutstandingOf(channel))
        {
            _tries.End(attempt, TryState.Over);
            End(attempt.Request, null, exception);
        }

        foreach (var (destination, _) in _targets.Where(one => one.Value.Channel == channel).ToArray())
        {
            _lostCounts[destination] = ReadCounts(destination);
            _targets.Remove(destination);
        }
    }

    void End(PendingRequest request, RequestResult? result, CustomProtoException? error) => _ended.Enqueue(new RequestOutcome
    {
        Destination = request.Destination,
        DestinationPort = request.Target.EndPoint.Port,
        Request = request.Message,
        Result = result,
        Error = error,
    });
}

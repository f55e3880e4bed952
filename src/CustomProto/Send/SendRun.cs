using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>
/// One run after another: how many packets go now, and the wait until there are any. Used again and again, so that a run allocates nothing
/// but where it has to wait.
/// </summary>
sealed class SendRun
{
    const long FirstProgress = 500_000_000;
    const long ProgressInterval = 200_000_000;

    long? _count;
    Action<SendProgress>? _progress;
    bool _readsClock;
    bool _isOver;
    long _start;
    long _taken;
    long _nextProgress;
    CancellableWait? _wait;

    /// <summary>Begins.</summary>
    /// <param name="plan">How often and how fast; <see langword="null"/> for as often as <paramref name="count"/> says.</param>
    /// <param name="count">How many packets, where there is no plan.</param>
    /// <param name="token">Ends it.</param>
    internal void Begin(SendPlan? plan, long count, CancellationToken token)
    {
        Token = token;
        Pace = plan?.Pace;
        _count = plan is null ? count : plan.Count;
        Duration = plan?.Duration;
        _progress = plan?.Progress;
        _readsClock = Pace is not null || Duration is not null || _progress is not null;
        _isOver = false;
        _taken = 0;
        _start = _readsClock ? Libc.ReadClock(Libc.CLOCK_MONOTONIC) : 0;
        _nextProgress = _progress is null ? long.MaxValue : _start + FirstProgress;
        EndTime = Duration is { } duration && duration.TotalNanoseconds < long.MaxValue - _start ? _start + (long)duration.TotalNanoseconds : long.MaxValue;
        Pace?.Begin(_start);
    }

    /// <summary>Gives back what a wait took.</summary>
    internal void End()
    {
        _wait?.Dispose();
        _wait = null;
    }

    /// <summary>The pace, if there is one.</summary>
    internal SendPace? Pace { get; private set; }

    /// <summary>How long it goes on, if it ends by time.</summary>
    internal TimeSpan? Duration { get; private set; }

    /// <summary>When it ends, as CLOCK_MONOTONIC in nanoseconds.</summary>
    internal long EndTime { get; private set; }

    /// <summary>How many packets are left.</summary>
    internal long Left => (_count ?? long.MaxValue) - _taken;

    /// <summary>What ends it.</summary>
    internal CancellationToken Token { get; private set; }

    /// <summary>Waits until packets may go.</summary>
    /// <param name="most">How many at most.</param>
    /// <returns>How many; 0 when it is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal int Next(int most)
    {
        Token.ThrowIfCancellationRequested();
        var count = (int)Math.Min(most, Left);
        if (_readsClock && count > 0)
        {
            count = WaitForTurn(count);
        }

        _taken += count;
        return count;
    }

    /// <summary>Notes packets that <see cref="Next"/> wasn't asked for.</summary>
    internal void Add(long packets)
    {
        _taken += packets;
        Pace?.Add(packets);
    }

    /// <summary>Sleeps until a time, or less if there is progress to tell.</summary>
    /// <returns>The time then.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal long SleepUntil(long time)
    {
        _wait ??= new CancellableWait(Token);
        _wait.Until(Math.Min(time, _nextProgress));
        Token.ThrowIfCancellationRequested();
        var now = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        Tell(now);
        return now;
    }

    /// <summary>Tells how it goes, if it is time to.</summary>
    internal void Tell(long now)
    {
        if (now >= _nextProgress)
        {
            _nextProgress = now + ProgressInterval;
            _progress!(Describe(now, _taken));
        }
    }

    int WaitForTurn(int most)
    {
        var now = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        Tell(now);
        if (Pace is not { } pace)
        {
            return now < EndTime ? most : 0;
        }

        while (!_isOver && pace.NextTime(Left, EndTime) is var next and < long.MaxValue)
        {
            if (now >= next)
            {
                // A wake-up is always a little late: what was due before the end still goes, once.
                _isOver = now >= EndTime;
                return pace.Take(Math.Min(now, EndTime - 1), most);
            }

            now = SleepUntil(next);
        }

        return 0;
    }

    SendProgress Describe(long now, long packets)
    {
        var elapsed = now - _start;
        double done = 0;
        if (_count is > 0 and { } count)
        {
            done = (double)packets / count;
        }

        if (Duration is { } duration && duration > TimeSpan.Zero)
        {
            done = Math.Max(done, elapsed / duration.TotalNanoseconds);
        }

        var hasEnd = _count is not null || Duration is not null;
        var remaining = hasEnd && done > 0 ? elapsed * (1 - Math.Min(1, done)) / done : double.MaxValue;
        return new SendProgress(
            packets,
            TimeSpan.FromMicroseconds(elapsed / 1000.0),
            remaining / 1000 < TimeSpan.MaxValue.TotalMicroseconds ? TimeSpan.FromMicroseconds(remaining / 1000) : null,
            hasEnd ? (int)(100 * Math.Min(1, done)) : null);
    }
}

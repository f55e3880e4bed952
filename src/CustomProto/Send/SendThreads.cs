using CustomProto.Abi;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>
/// A run of the in-kernel sender: threads that stay in the kernel until it is over, and the caller's thread, which watches over them.
/// </summary>
sealed class SendThreads : IDisposable
{
    /// <summary>How often a look is taken at how far they are, and whether the interface is still there: seldom, as it costs the senders.</summary>
    const long Tick = 100_000_000;

    /// <summary>The same where the programs keep the pace: only a look tells that they have sent all.</summary>
    const long PacedTick = 20_000_000;

    /// <summary>How much later than its duration a run may end that the programs keep the pace of: they begin a little late.</summary>
    const long Grace = 200_000_000;

    const long NanosecondsPerSecond = 1_000_000_000;

    readonly SendProgram[] _programs;
    readonly byte[] _frame;
    readonly PacketPath _path;
    readonly ulong _firstSequence;
    readonly int[] _ids;
    readonly CountdownEvent _running;
    readonly CancellationTokenSource _done;
    long _counted;
    volatile bool _stops;
    int _failure;

    /// <summary>Prepares a run.</summary>
    /// <param name="programs">A program a thread, at their sequence numbers.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="path">The way to the receiver.</param>
    /// <param name="firstSequence">The number of the first packet.</param>
    internal SendThreads(SendProgram[] programs, byte[] frame, PacketPath path, ulong firstSequence)
    {
        _programs = programs;
        _frame = frame;
        _path = path;
        _firstSequence = firstSequence;
        _ids = new int[programs.Length];
        _running = new CountdownEvent(programs.Length);
        _done = new CancellationTokenSource();
    }

    /// <summary>The number of the first packet of the next run.</summary>
    internal ulong NextSequence => _firstSequence + ((ulong)_programs.Length * Enumerable.Range(0, _programs.Length).Max(Sent));

    /// <summary>Throws if packets don't leave by the interface any more.</summary>
    /// <exception cref="NativeException">It is down or gone.</exception>
    internal static void RequireLink(PacketPath path, SendTally tally)
    {
        if (!NetworkLinks.TryGet(path.Link.Index, out var link))
        {
            throw Refused(path, Errno.ENODEV, tally);
        }

        if (!link.IsUp || !link.IsRunning)
        {
            throw Refused(path, Errno.ENETDOWN, tally);
        }
    }

    /// <summary>The failure for an error number, which is counted.</summary>
    internal static NativeException Refused(PacketPath path, int errno, SendTally tally)
    {
        errno = Math.Abs(errno);
        tally.AddError(errno);
        return SocketTransport.Failure(path, errno);
    }

    /// <summary>Sends until the run is over.</summary>
    /// <exception cref="NativeException">The kernel refuses, or the interface is down; the tally tells how far it came.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal void Run(SendRun run, SendTally tally)
    {
        RequireLink(_path, tally);
        run.Token.ThrowIfCancellationRequested();
        ThreadSignal.Prepare();
        var threads = new Thread[_programs.Length];
        if (run.Pace is null)
        {
            tally.Begin();
        }

        try
        {
            Start(threads, run);
            Watch(run, tally);
        }
        finally
        {
            Stop(threads);
            Count(run, tally);
            NoteEnd(run, tally);
        }

        if (_failure != 0)
        {
            throw Refused(_path, _failure, tally);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _running.Dispose();
        _done.Dispose();
    }

    void Start(Thread[] threads, SendRun run)
    {
        var cpus = threads.Length > 1 ? CpuSet.Allowed() : [];
        for (var i = 0; i < threads.Length; i++)
        {
            var index = i;
            var share = (run.Left / threads.Length) + (i < run.Left % threads.Length ? 1 : 0);
            if (run.Pace is { } pace)
            {
                SetPace(ref _programs[i].State, pace.Rate, share, run.Duration);
            }

            int? cpu = threads.Length > 1 ? cpus[i] : null;
            threads[i] = new Thread(() => Work(index, cpu, run.Pace is null ? share : long.MaxValue)) { IsBackground = true, Name = "in-kernel sender" };
            threads[i].Start();
        }
    }

    /// <summary>Each thread has its part of the rate, from its first packet on.</summary>
    void SetPace(ref SendState state, double rate, long share, TimeSpan? duration)
    {
        const double FractionUnit = 1UL << 32;
        var interval = NanosecondsPerSecond / rate * _programs.Length;
        state.Left = (ulong)Math.Min(share, duration is { } time ? (long)Math.Ceiling(time.TotalNanoseconds / interval) : long.MaxValue);
        state.DueNs = 0;
        state.FirstNs = 0;
        state.LastNs = 0;
        state.DueFraction = 0;
        state.IntervalNs = (ulong)interval;
        state.IntervalFraction = (uint)((interval - Math.Floor(interval)) * FractionUnit);
        state.MaxLagNs = NanosecondsPerSecond;
    }

    void Work(int index, int? cpu, long count)
    {
        try
        {
            Volatile.Write(ref _ids[index], Libc.GetTid());
            if (cpu is { } number)
            {
                CpuSet.Pin(number);
            }

            var program = _programs[index];
            var stride = (ulong)_programs.Length;
            var end = count == long.MaxValue ? ulong.MaxValue : program.Sequence + ((ulong)count * stride);
            while (!_stops && program.Sequence < end)
            {
                var left = (end - program.Sequence) / stride;
                var result = program.Run(_frame, (int)Math.Min(left, int.MaxValue));
                if (result is not (0 or -Errno.EINTR))
                {
                    Interlocked.CompareExchange(ref _failure, result, 0);
                    break;
                }
            }
        }
        catch (NativeException exception)
        {
            Interlocked.CompareExchange(ref _failure, exception.Errno, 0);
        }
        finally
        {
            if (_running.Signal())
            {
                _done.Cancel();
            }
        }
    }

    /// <summary>Returns when it is over.</summary>
    void Watch(SendRun run, SendTally tally)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(run.Token, _done.Token);
        using var wait = new CancellableWait(ends.Token);
        var end = run.Pace is null || run.EndTime == long.MaxValue ? run.EndTime : run.EndTime + Grace;
        var tick = run.Pace is null ? Tick : PacedTick;
        for (var now = Libc.ReadClock(Libc.CLOCK_MONOTONIC); now < end; now = Libc.ReadClock(Libc.CLOCK_MONOTONIC))
        {
            wait.Until(Math.Min(now + tick, end));
            Count(run, tally);
            run.Token.ThrowIfCancellationRequested();
            if (_done.IsCancellationRequested || (run.Pace is not null && Array.TrueForAll(_programs, program => program.Left == 0)))
            {
                return;
            }

            RequireLink(_path, tally);
            run.Tell(now);
        }
    }

    /// <summary>Counts what was sent since the last time.</summary>
    void Count(SendRun run, SendTally tally)
    {
        var total = 0L;
        for (var i = 0; i < _programs.Length; i++)
        {
            total += (long)Sent(i);
        }

        tally.Add(total - _counted, _frame.Length);
        run.Add(total - _counted);
        _counted = total;
    }

    /// <summary>Where the programs keep the pace, they know when packets went; they don't go all the time.</summary>
    void NoteEnd(SendRun run, SendTally tally)
    {
        if (run.Pace is null)
        {
            tally.End();
        }
        else if (Array.FindAll(_programs, program => program.State.FirstNs > 0) is { Length: > 0 } used)
        {
            tally.Begin((long)used.Min(program => program.State.FirstNs));
            tally.End((long)used.Max(program => program.State.LastNs));
        }
    }

    /// <summary>How many packets a thread has sent.</summary>
    ulong Sent(int thread) => (_programs[thread].Sequence - _firstSequence - (ulong)thread) / (ulong)_programs.Length;

    /// <summary>Has the threads come back from the kernel, and waits for them.</summary>
    void Stop(Thread[] threads)
    {
        _stops = true;
        for (var i = 0; i < threads.Length; i++)
        {
            // It may be just before its call, where a signal comes too early.
            while (threads[i] is { } thread && !thread.Join(TimeSpan.FromMilliseconds(1)))
            {
                if (Volatile.Read(ref _ids[i]) is > 0 and var id)
                {
                    ThreadSignal.Send(id);
                }
            }
        }
    }
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Programs;

/// <summary>
/// Reads the lines that BPF programs write with <c>bpf_printk</c>, from when it is opened: each reader gets all of them, whoever else
/// reads. For one thread at a time; cancelling is safe from any. Holds a trace instance in tracefs until it is closed; needs root.
/// </summary>
public sealed unsafe class TraceReader : IDisposable
{
    /// <summary>Only the lines of our own programs are recorded, so that others can't fill the buffer; what passes is looked at again.</summary>
    const string OwnLines = "bpf_string ~ \"customproto*\"";

    /// <summary>More than the kernel gives at once (TRACE_SEQ_BUFFER_SIZE), so that no line is cut.</summary>
    const int BufferSize = 64 * 1024;

    readonly TraceInstance _instance;
    readonly EventDescriptor _stop = new();
    readonly bool _all;
    readonly long _monotonicOffset;
    readonly byte[] _buffer = new byte[BufferSize];
    readonly Queue<TraceLine> _lines = new();
    readonly Dictionary<int, long> _lostOnCpu = [];

    TraceReader(TraceInstance instance, bool all)
    {
        _instance = instance;
        _all = all;
        _monotonicOffset = Libc.ReadClock(Libc.CLOCK_REALTIME) - Libc.ReadClock(Libc.CLOCK_MONOTONIC);
    }

    /// <summary>How many lines the trace's buffer lost so far: programs wrote faster than they were read.</summary>
    public long Lost { get; private set; }

    /// <summary>Starts to read.</summary>
    /// <param name="all">Whether lines of every BPF program are wanted, not only those that CustomProto's write.</param>
    /// <exception cref="CustomProtoException">tracefs isn't mounted (<see cref="FailureKind.NotInstalled"/>), or the process may not use it.</exception>
    public static TraceReader Open(bool all = false)
    {
        var instance = TraceInstance.Create(TraceInstance.Printk, all ? null : OwnLines);
        try
        {
            return new TraceReader(instance, all);
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next line if there is one.</summary>
    /// <exception cref="CustomProtoException">The trace ended, or isn't as expected.</exception>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    public bool TryRead([NotNullWhen(true)] out TraceLine? line)
    {
        while (!_lines.TryDequeue(out line))
        {
            if (!Fill())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes the next line, and waits for it if need be.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>The line, or <see langword="null"/> when the time is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CustomProtoException">The trace ended, or isn't as expected.</exception>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    public TraceLine? Read(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(out var line))
            {
                return line;
            }

            var remaining = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(started);
            if (remaining <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            {
                return null;
            }

            Wait(remaining, cancellationToken);
        }
    }

    /// <summary>Removes the trace instance; lines that weren't read are gone.</summary>
    public void Dispose()
    {
        _instance.Dispose();
        _stop.Dispose();
    }

    /// <summary>Takes what the kernel has at the moment.</summary>
    /// <returns>Whether it had something.</returns>
    bool Fill()
    {
        nint length;
        fixed (byte* bytes = _buffer)
        {
            length = Libc.Read(_instance.Pipe, bytes, (nuint)_buffer.Length);
        }

        if (length < 0)
        {
            return Marshal.GetLastPInvokeError() is var errno and not (Errno.EAGAIN or Errno.EINTR)
                ? throw Failures.Create(Operation.Wait, errno, "the kernel's trace")
                : false;
        }

        if (length == 0)
        {
            throw new CustomProtoException(FailureKind.Gone, "TraceEnded", "The kernel's trace ended: somebody switched it off.", "Run Get-XdpTrace again.");
        }

        ReadOnlySpan<byte> rest = _buffer.AsSpan(0, (int)length);
        while (TraceFormat.TryTake(ref rest, out var entry))
        {
            Add(entry);
        }

        return true;
    }

    void Add(in TraceEntry entry)
    {
        if (entry.Text is null)
        {
            Lost += entry.Lost;
            CollectionsMarshal.GetValueRefOrAddDefault(_lostOnCpu, entry.Cpu, out _) += entry.Lost;
        }
        else if (_all || entry.ProgramId is not null)
        {
            _lostOnCpu.Remove(entry.Cpu, out var lost);
            _lines.Enqueue(new TraceLine
            {
                Timestamp = DateTimeOffset.UnixEpoch.AddTicks((entry.MonotonicNanoseconds + _monotonicOffset) / TimeSpan.NanosecondsPerTick).ToLocalTime(),
                MonotonicNanoseconds = entry.MonotonicNanoseconds,
                Cpu = entry.Cpu,
                ProcessName = entry.ProcessName,
                ProcessId = entry.ProcessId,
                ProgramId = entry.ProgramId,
                Text = entry.Text,
                LostBefore = lost,
            });
        }
    }

    void Wait(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static stop => ((EventDescriptor)stop!).Signal(), _stop);
        using var pipe = new BorrowedDescriptor(_instance.Pipe);
        using var stop = new BorrowedDescriptor(_stop.Descriptor);
        var descriptors = stackalloc Libc.PollDescriptor[]
        {
            new() { Descriptor = pipe.Value, Events = Libc.POLLIN },
            new() { Descriptor = stop.Value, Events = Libc.POLLIN },
        };
        var milliseconds = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
        if (Libc.Poll(descriptors, 2, milliseconds) < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
        {
            throw Failures.Create(Operation.Wait, errno, "the kernel's trace");
        }

        _stop.Clear();
    }
}

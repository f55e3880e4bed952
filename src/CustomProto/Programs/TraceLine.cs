namespace CustomProto.Programs;

/// <summary>A line that a BPF program wrote to the kernel's trace with <c>bpf_printk</c>.</summary>
/// <remarks>
/// The process is the one that the packet's interrupt happened to interrupt, which usually has nothing to do with the packet; for
/// programs that run on behalf of a process, it is that.
/// </remarks>
public sealed record TraceLine
{
    /// <summary>When it was written, in local time: <see cref="MonotonicNanoseconds"/>, converted when the reader was opened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>When it was written, in nanoseconds of CLOCK_MONOTONIC, which the kernel tells to the microsecond.</summary>
    public required long MonotonicNanoseconds { get; init; }

    /// <summary>The CPU that the program ran on.</summary>
    public required int Cpu { get; init; }

    /// <summary>
    /// The name of the thread that ran on the CPU, at most 15 bytes, with control characters made visible; <c>&lt;idle&gt;</c> for none, and
    /// <see langword="null"/> where the kernel didn't keep it.
    /// </summary>
    public string? ProcessName { get; init; }

    /// <summary>The kernel's id of that thread; 0 for none.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The id of the program, which the lines of CustomProto's programs carry; <see langword="null"/> in other lines.</summary>
    public uint? ProgramId { get; init; }

    /// <summary>What the program wrote, without newlines at the end and with control characters made visible.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// Lines of this CPU that the trace's buffer lost since the previous one that was returned, of any program whose lines are read; at
    /// least so many where the kernel doesn't say how many.
    /// </summary>
    public long LostBefore { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

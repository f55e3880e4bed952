namespace CustomProto.Net;

/// <summary>What an XDP program did with a frame that no network gave it. Of the protocol's own program there is more to tell.</summary>
public record XdpRunReport
{
    /// <summary>What it wants done with the frame; a program may return numbers that have no name.</summary>
    public required XdpVerdict Verdict { get; init; }

    /// <summary>The frame as the program left it.</summary>
    public required byte[] Output { get; init; }

    /// <summary>
    /// Nanoseconds a run, on average. The kernel's own cost of a test run is in it, tens of nanoseconds; a single run, with cold caches,
    /// says little.
    /// </summary>
    public required double DurationNanoseconds { get; init; }

    /// <summary>How many runs <see cref="DurationNanoseconds"/> is the average of.</summary>
    public int Repeat { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"{Verdict}";
}

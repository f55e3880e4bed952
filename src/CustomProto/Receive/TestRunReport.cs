using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>What a program did with a frame in a test run.</summary>
public sealed record TestRunReport
{
    /// <summary>What it wants done with the frame.</summary>
    public required XdpVerdict Verdict { get; init; }

    /// <summary>
    /// Whether the frame is on one of the protocol's ports. What isn't is passed on untouched and not counted; what is has a
    /// <see cref="Message"/> or a <see cref="Reason"/>.
    /// </summary>
    public bool Seen { get; init; }

    /// <summary>Why it isn't a valid message.</summary>
    public RejectReason Reason { get; init; }

    /// <summary>The message that a reader gets; <see langword="null"/> where none does.</summary>
    public CustomMessage? Message { get; init; }

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
    public override string ToString() => Reason == RejectReason.None ? $"{Verdict}" : $"{Verdict}, {Reason}";
}

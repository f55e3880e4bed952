using System.Globalization;

namespace CustomProto.Send;

/// <summary>How often a message is sent, and how fast. Without a count and a duration it goes on until it is cancelled.</summary>
public sealed record SendPlan
{
    /// <summary>How many packets; <see langword="null"/> for no limit.</summary>
    /// <exception cref="CustomProtoException">It is negative (<see cref="FailureKind.InvalidArgument"/>, CountOutOfRange).</exception>
    public long? Count
    {
        get;
        init => field = value is null or >= 0
            ? value
            : throw Invalid("CountOutOfRange", string.Create(CultureInfo.InvariantCulture, $"{value} is not a number of packets."), "Give 0 or more.", value);
    }

    /// <summary>How long; <see langword="null"/> for no limit. No packet is due afterwards.</summary>
    /// <exception cref="CustomProtoException">It isn't positive (<see cref="FailureKind.InvalidArgument"/>, DurationOutOfRange).</exception>
    public TimeSpan? Duration
    {
        get;
        init => field = value is null || value > TimeSpan.Zero
            ? value
            : throw Invalid("DurationOutOfRange", $"Nothing can be sent in a time of {value}.", "Give a longer time.", value);
    }

    /// <summary>How fast; <see langword="null"/> for as fast as the kernel takes packets.</summary>
    public SendPace? Pace { get; init; }

    /// <summary>
    /// Told how it goes, on the thread that sends, about five times a second and not before half a second has passed. What it throws
    /// ends the run.
    /// </summary>
    public Action<SendProgress>? Progress { get; init; }

    static CustomProtoException Invalid(string errorId, string problem, string hint, object target) =>
        new(FailureKind.InvalidArgument, errorId, problem, hint, target);
}

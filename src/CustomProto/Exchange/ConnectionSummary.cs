using System.Net;

namespace CustomProto.Exchange;

/// <summary>What a <see cref="ConnectionTest"/> found out about a destination.</summary>
public sealed record ConnectionSummary
{
    /// <summary>Whom the requests were sent to.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The UDP port that they were sent to.</summary>
    public required int DestinationPort { get; init; }

    /// <summary>How many requests were sent.</summary>
    public required int Sent { get; init; }

    /// <summary>How many were answered in time.</summary>
    public required int Received { get; init; }

    /// <summary>How many of a hundred weren't; 0 without requests.</summary>
    public double LossPercent => Sent == 0 ? 0 : 100.0 * (Sent - Received) / Sent;

    /// <summary>The shortest round-trip time; <see langword="null"/>, as are the others, where nothing was answered.</summary>
    public TimeSpan? Minimum { get; init; }

    /// <summary>The mean.</summary>
    public TimeSpan? Average { get; init; }

    /// <summary>The median: half of all are at most as long.</summary>
    public TimeSpan? P50 { get; init; }

    /// <summary>99 of 100 are at most as long.</summary>
    public TimeSpan? P99 { get; init; }

    /// <summary>The longest.</summary>
    public TimeSpan? Maximum { get; init; }

    /// <summary>What the times lie between, of the latest response.</summary>
    public RoundTripClock Clock { get; init; }

    /// <summary>Responses that came when their request's time was over. Those after the last request's end are not waited for.</summary>
    public long Late { get; init; }

    /// <summary>Further responses to what was answered already.</summary>
    public long Duplicates { get; init; }

    /// <summary>Messages to the requests' ports from somebody else.</summary>
    public long Foreign { get; init; }

    /// <summary>Messages from the destination of another type than a response.</summary>
    public long OtherType { get; init; }

    /// <summary>The round-trip times, sorted into buckets of doubling width.</summary>
    public IReadOnlyList<LatencyBucket> Histogram { get; init; } = [];

    /// <summary>Sums up.</summary>
    internal static ConnectionSummary Of(IPAddress destination, int port, int sent, IReadOnlyCollection<TimeSpan> times, RoundTripClock clock, ExchangeCounts counts)
    {
        var sorted = times.Order().ToArray();
        return new ConnectionSummary
        {
            Destination = destination,
            DestinationPort = port,
            Sent = sent,
            Received = sorted.Length,
            Minimum = Rank(sorted, 0),
            Average = sorted.Length == 0 ? null : TimeSpan.FromTicks((long)sorted.Average(time => time.Ticks)),
            P50 = Rank(sorted, 50),
            P99 = Rank(sorted, 99),
            Maximum = Rank(sorted, 100),
            Clock = clock,
            Late = counts.Late,
            Duplicates = counts.Duplicates,
            Foreign = counts.Foreign,
            OtherType = counts.OtherType,
            Histogram = LatencyBucket.Sort(sorted),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{new IPEndPoint(Destination, DestinationPort)}: {Received} of {Sent} answered");

    /// <summary>The nearest rank: the first of which that many of a hundred are at most as long.</summary>
    static TimeSpan? Rank(TimeSpan[] sorted, int percent) =>
        sorted.Length == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percent / 100.0) - 1)];
}

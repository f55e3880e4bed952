using System.Globalization;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// How long the kernel's answers to requests of one type took: from when the program saw the request to when it handed the response to the
/// driver. Counted in the kernel by powers of two, so what lies between them is an estimate.
/// </summary>
public sealed record ResponseLatency
{
    /// <summary>The requests' type.</summary>
    public required MessageType Type { get; init; }

    /// <summary>The name of the type in the protocol.</summary>
    public required string TypeName { get; init; }

    /// <summary>How many answers there were.</summary>
    public required long Count { get; init; }

    /// <summary>Half of the answers took no longer: estimated, at most twice or half as long as in truth.</summary>
    public required double P50Nanoseconds { get; init; }

    /// <summary>99 % of the answers took no longer: estimated, at most twice or half as long as in truth.</summary>
    public required double P99Nanoseconds { get; init; }

    /// <summary>The counts, from the shortest time that occurred to the longest.</summary>
    public required IReadOnlyList<ResponseLatencyBucket> Buckets { get; init; }

    /// <summary>Makes it of the counts by powers of two, of which one is not 0.</summary>
    internal static ResponseLatency Of(MessageType type, string typeName, ReadOnlySpan<long> counts)
    {
        var total = 0L;
        foreach (var count in counts)
        {
            total += count;
        }

        var buckets = new List<ResponseLatencyBucket>();
        for (var i = counts.IndexOfAnyExcept(0); i <= counts.LastIndexOfAnyExcept(0); i++)
        {
            buckets.Add(new ResponseLatencyBucket(i == 0 ? 0 : 1L << i, 1L << (i + 1), counts[i], (double)counts[i] / total));
        }

        return new ResponseLatency
        {
            Type = type,
            TypeName = typeName,
            Count = total,
            P50Nanoseconds = Percentile(buckets, total, 0.5),
            P99Nanoseconds = Percentile(buckets, total, 0.99),
            Buckets = buckets,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{TypeName}: {Count} in {P50Nanoseconds / 1000:0.0} µs (p50), {P99Nanoseconds / 1000:0.0} µs (p99)");

    /// <summary>As if the answers were spread evenly between the bounds of their bucket.</summary>
    static double Percentile(List<ResponseLatencyBucket> buckets, long total, double part)
    {
        var rank = Math.Ceiling(total * part);
        foreach (var bucket in buckets)
        {
            if (rank <= bucket.Count)
            {
                return bucket.FromNanoseconds + ((bucket.ToNanoseconds - bucket.FromNanoseconds) * ((rank - 0.5) / bucket.Count));
            }

            rank -= bucket.Count;
        }

        return buckets[^1].ToNanoseconds;
    }
}

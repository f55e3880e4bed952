using System.Globalization;

namespace CustomProto.Exchange;

/// <summary>How many round-trip times lie between two bounds, which are powers of two.</summary>
/// <param name="FromMicroseconds">The lower bound; times of exactly that lie in it.</param>
/// <param name="ToMicroseconds">The upper bound; times of exactly that lie in the next one.</param>
/// <param name="Count">How many times there are.</param>
public sealed record LatencyBucket(long FromMicroseconds, long ToMicroseconds, long Count)
{
    /// <summary>Sorts times into buckets: from the first to the last that isn't empty, with the empty ones between them.</summary>
    internal static IReadOnlyList<LatencyBucket> Sort(IEnumerable<TimeSpan> times)
    {
        var counts = new SortedDictionary<int, long>();
        foreach (var time in times)
        {
            var bucket = Index(time.Ticks / TimeSpan.TicksPerMicrosecond);
            counts[bucket] = counts.GetValueOrDefault(bucket) + 1;
        }

        return counts.Count == 0
            ? []
            : [.. Enumerable.Range(counts.Keys.First(), counts.Keys.Last() - counts.Keys.First() + 1)
                .Select(index => new LatencyBucket(LowerBound(index), LowerBound(index + 1), counts.GetValueOrDefault(index)))];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{FromMicroseconds} to {ToMicroseconds} µs: {Count}");

    /// <summary>0 below a microsecond, then one more for each doubling.</summary>
    static int Index(long microseconds) => microseconds <= 0 ? 0 : 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)microseconds);

    static long LowerBound(int index) => index == 0 ? 0 : 1L << (index - 1);
}

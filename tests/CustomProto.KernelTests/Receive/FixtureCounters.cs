using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Counters as fixtures have them: those that aren't 0, by name. What is computed from others, and what repeats one, isn't there.</summary>
static class FixtureCounters
{
    /// <summary>What was counted between two readings.</summary>
    internal static Dictionary<string, long> Difference(ReceiveStatistics before, ReceiveStatistics after) => typeof(ReceiveStatistics)
        .GetProperties()
        .Where(property => property.PropertyType == typeof(long) && property.CanWrite && property.Name != nameof(ReceiveStatistics.Offered))
        .ToDictionary(property => property.Name, property => (long)property.GetValue(after)! - (long)property.GetValue(before)!);

    /// <summary>A line that can be compared.</summary>
    internal static string Show(IEnumerable<KeyValuePair<string, long>> counters) => string.Join(
        ' ', counters.Where(counter => counter.Value != 0).OrderBy(counter => counter.Key, StringComparer.Ordinal).Select(counter => $"{counter.Key}={counter.Value}"));
}

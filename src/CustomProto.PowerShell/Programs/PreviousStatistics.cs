using System.Diagnostics;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>What was counted when it was last asked for in this process, which the rates are since.</summary>
static class PreviousStatistics
{
    static readonly Lock s_lock = new();
    static readonly Dictionary<(uint Program, string Reader, int? Cpu), (ReceiveStatistics Statistics, long Time)> s_previous = [];

    /// <summary>Adds the rates since the last time to counters that were just read, if there was a last time, and keeps them for the next.</summary>
    internal static ReceiveStatistics Compare(ReceiveStatistics statistics)
    {
        var key = (statistics.ProgramId, statistics.Reader, statistics.Cpu);
        var now = Stopwatch.GetTimestamp();
        lock (s_lock)
        {
            // A reader that was removed and added again begins at 0.
            var compared = s_previous.TryGetValue(key, out var previous) && previous.Statistics.Seen <= statistics.Seen && previous.Statistics.Delivered <= statistics.Delivered && now > previous.Time
                ? statistics.Since(previous.Statistics, Stopwatch.GetElapsedTime(previous.Time, now))
                : statistics;
            s_previous[key] = (statistics, now);
            return compared;
        }
    }

    /// <summary>Forgets programs that are gone.</summary>
    internal static void Keep(IEnumerable<Receiver> receivers)
    {
        var ids = receivers.Select(receiver => receiver.ProgramId).ToHashSet();
        lock (s_lock)
        {
            foreach (var key in s_previous.Keys.Where(key => !ids.Contains(key.Program)).ToArray())
            {
                s_previous.Remove(key);
            }
        }
    }
}

using System.Management.Automation.Host;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>What the module's views ask for: how objects of a command that goes on reading are shown on a terminal.</summary>
public static class LiveView
{
    /// <summary>Whether these counters are the first of a round.</summary>
    public static bool Begins(ReceiveStatistics statistics) => StatisticsRound.Of(statistics).IsFresh;

    /// <summary>The line of titles of a round, which takes the place of the round before.</summary>
    /// <param name="statistics">The first counters of the round.</param>
    /// <param name="host">The host, whose window the line is to fit in.</param>
    public static string Titles(ReceiveStatistics statistics, PSHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var window = host.UI.RawUI.WindowSize;
        return StatisticsRound.Of(statistics).ShowTitles(window.Width, window.Height);
    }

    /// <summary>The line of the counters.</summary>
    /// <param name="statistics">The counters.</param>
    /// <param name="host">The host, whose window the line is to fit in.</param>
    public static string Line(ReceiveStatistics statistics, PSHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return StatisticsRound.Of(statistics).Show(statistics, host.UI.RawUI.WindowSize.Width);
    }
}

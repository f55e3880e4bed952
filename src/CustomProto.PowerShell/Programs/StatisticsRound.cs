using System.Globalization;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>What was read at once by a command that goes on reading, as it stands on a terminal: a line of titles, and one for each program and reader.</summary>
sealed class StatisticsRound
{
    /// <summary>Before the control sequences and after them: an empty link, so that PowerShell takes away what is between the two where it takes away colours.</summary>
    const string Open = "\e]8;;\a";
    const string Close = "\e\\";

    static readonly (string Title, bool IsText, Func<ReceiveStatistics, string> Cell)[] s_columns =
    [
        ("Interface", true, statistics => statistics.Interface),
        ("Reader", true, statistics => statistics.Reader),
        ("Cpu", false, statistics => $"{statistics.Cpu}"),
        ("Seen/s", false, statistics => Number(statistics.SeenRate)),
        ("Delivered/s", false, statistics => Number(statistics.DeliveredRate)),
        ("Lost/s", false, statistics => Number(statistics.LostRate)),
        ("Rejected/s", false, statistics => Number(statistics.RejectedRate)),
        ("Filtered/s", false, statistics => Number(statistics.FilteredRate)),
        ("Seen", false, statistics => Number(statistics.Seen)),
        ("Lost", false, statistics => Number(statistics.Lost)),
    ];

    [ThreadStatic]
    static StatisticsRound? t_current;

    readonly Dictionary<ReceiveStatistics, string> _rows = new(ReferenceEqualityComparer.Instance);
    readonly string _titles;
    readonly int _previous;
    int _shown;

    /// <summary>Prepares the lines.</summary>
    /// <param name="statistics">What was read.</param>
    /// <param name="previous">The round before, which this one takes the place of; <see langword="null"/> where there is none just above.</param>
    internal StatisticsRound(IReadOnlyList<ReceiveStatistics> statistics, StatisticsRound? previous)
    {
        _previous = previous?._shown ?? 0;
        var columns = s_columns.Where(column => column.Title != "Cpu" || statistics.Any(one => one.Cpu is not null)).ToArray();
        var widths = columns.Select(column => statistics.Select(column.Cell).Append(column.Title).Max(text => text.Length)).ToArray();
        _titles = Line(column => column.Title);
        foreach (var one in statistics)
        {
            _rows[one] = Line(column => column.Cell(one));
        }

        string Line(Func<(string Title, bool IsText, Func<ReceiveStatistics, string> Cell), string> text) => string.Join(' ', columns.Select(
            (column, i) => column.IsText ? text(column).PadRight(widths[i]) : text(column).PadLeft(widths[i])));
    }

    /// <summary>Has objects shown as of this round while they are written.</summary>
    internal void While(Action write)
    {
        t_current = this;
        try
        {
            write();
        }
        finally
        {
            t_current = null;
        }
    }

    /// <summary>The round that an object is of while it is written; an object that was kept and is shown later is a round of its own.</summary>
    internal static StatisticsRound Of(ReceiveStatistics statistics) =>
        t_current is { } current && current._rows.ContainsKey(statistics) ? current : new StatisticsRound([statistics], null);

    /// <summary>Whether the titles come next.</summary>
    internal bool IsFresh => _shown == 0;

    /// <summary>The line of titles. It begins by going back over the round before, unless that has left the screen.</summary>
    internal string ShowTitles(int width, int height)
    {
        _shown++;
        return (_previous > 0 && _previous < height ? $"{Open}\e[{_previous}A\e[J{Close}" : "") + Cut(_titles, width);
    }

    /// <summary>The line of an object.</summary>
    internal string Show(ReceiveStatistics statistics, int width)
    {
        _shown++;
        return Cut(_rows[statistics], width);
    }

    /// <summary>A line that wraps would be two to go back over; one that fills the terminal may be, too.</summary>
    static string Cut(string line, int width) => width > 1 && line.Length >= width ? line[..(width - 1)] : line;

    static string Number(double? value) => value is { } number ? number.ToString("N0", CultureInfo.CurrentCulture) : "";
}

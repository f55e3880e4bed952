using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CustomProto.Benchmarks;

/// <summary>The numbers as JSON, and as a table in <c>docs/benchmarks.md</c>.</summary>
static class Report
{
    const string Document = "docs/benchmarks.md";
    const string Folder = "artifacts/benchmarks";

    const string Introduction =
        """
        # Benchmarks

        Ours beside other tools on the same load, in private network namespaces, in alternation: one run of ours, one of each peer, and so
        on. A ratio is that of a pair of runs next to each other, ours by the peer's, so that what disturbs the machine disturbs both.
        `sudo ./build.sh bench` measures again and rewrites the sections below (`-Area load` only that one).

        """;

    static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes both, in the current folder; other areas' sections stay.</summary>
    internal static void Write(string area, Settings settings, IReadOnlyList<Comparison> comparisons)
    {
        var machine = Machine.Describe(settings.PowerShell);
        Directory.CreateDirectory(Folder);
        File.WriteAllText($"{Folder}/{area}.json", JsonSerializer.Serialize(new { area, settings.Pairs, machine, comparisons }, s_json) + "\n");

        var section =
            $"""
            ## {Title(area)}

            {machine.Cpu}, {machine.CpuCount} CPUs, load average {machine.LoadAverage}; {machine.Kernel}.
            {string.Join(", ", machine.Versions.Select(version => $"{version.Key} {version.Value}"))}.
            Commit {machine.Commit}, {machine.Date}, {settings.Pairs} pairs.

            {Table(comparisons)}
            {Remarks(area)}

            """;
        File.WriteAllText(Document, Replace(File.Exists(Document) ? File.ReadAllText(Document) : Introduction, area, section));
        Console.WriteLine($"Written: {Document} and {Folder}/{area}.json");
    }

    /// <summary>The table, in Markdown.</summary>
    internal static string Table(IReadOnlyList<Comparison> comparisons)
    {
        var table = new StringBuilder();
        table.Append("| load | who | min | median | max | ratio, median (min to max) | target |\n|---|---|---:|---:|---:|---:|---|\n");
        foreach (var comparison in comparisons)
        {
            AppendRow(table, comparison.Load, comparison.Ours, comparison.Unit, "", Goal(comparison));
            foreach (var peer in comparison.Peers)
            {
                var ratios = comparison.Ratios(peer);
                var ratio = string.Create(CultureInfo.InvariantCulture, $"{Series.MedianOf(ratios):0.00} ({ratios.Min():0.00} to {ratios.Max():0.00})");
                AppendRow(table, "", peer, comparison.Unit, ratio, "");
            }
        }

        return table.ToString();
    }

    static void AppendRow(StringBuilder table, string load, Series series, string unit, string ratio, string goal) => table.Append(
        CultureInfo.InvariantCulture,
        $"| {load} | {series.Name} | {series.Min:0.0} | {series.Median:0.0} {unit} | {series.Max:0.0} | {ratio} | {goal} |\n");

    static string Goal(Comparison comparison)
    {
        if (comparison.Target is { } target)
        {
            return string.Create(CultureInfo.InvariantCulture, $"at most {target:0} {comparison.Unit}: {Verdict(comparison.Ours.Median <= target)}");
        }

        return comparison.TargetRatio is { } ratio
            ? string.Create(CultureInfo.InvariantCulture, $"at most {ratio:0.0} x: {Verdict(Series.MedianOf(comparison.Ratios(comparison.Peers[0])) <= ratio)}")
            : "";
    }

    static string Verdict(bool reached) => reached ? "reached" : "**missed**";

    static string Title(string area) => area switch
    {
        "load" => "Loading, attaching and listing programs",
        "parse" => "What a packet costs",
        _ => area,
    };

    static string Remarks(string area) => area switch
    {
        "load" => LoadArea.Remarks,
        "parse" => ParseArea.Remarks,
        _ => "",
    };

    /// <summary>Puts a section between the markers of its area, or at the end.</summary>
    static string Replace(string document, string area, string section)
    {
        var (first, last) = ($"<!-- {area}: written by build.sh bench -->\n", $"<!-- end of {area} -->\n");
        var start = document.IndexOf(first, StringComparison.Ordinal);
        var end = document.IndexOf(last, StringComparison.Ordinal);
        return start < 0 || end < start
            ? $"{document.TrimEnd()}\n\n{first}{section}{last}"
            : $"{document[..(start + first.Length)]}{section}{document[end..]}";
    }
}

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
            var goal = comparison.Target is { } target
                ? Goal(comparison, comparison.Ours.Median, target, $"{Number(target)} {comparison.Unit}")
                : "";
            AppendRow(table, comparison.Load, comparison.Ours, comparison.Unit, "", goal);
            foreach (var peer in comparison.Peers)
            {
                var ratios = comparison.Ratios(peer);
                var median = Series.MedianOf(ratios);
                goal = peer.TargetRatio is { } ratio ? Goal(comparison, median, ratio, $"{Ratio(ratio)} x") : "";
                AppendRow(table, "", peer, comparison.Unit, $"{Ratio(median)} ({Ratio(ratios.Min())} to {Ratio(ratios.Max())})", goal);
            }
        }

        return table.ToString();
    }

    static void AppendRow(StringBuilder table, string load, Series series, string unit, string ratio, string goal) => table.Append(
        CultureInfo.InvariantCulture,
        $"| {load} | {series.Name} | {Number(series.Min)} | {Number(series.Median)} {unit} | {Number(series.Max)} | {ratio} | {goal} |\n");

    static string Goal(Comparison comparison, double number, double goal, string words) =>
        $"{(comparison.MoreIsBetter ? "at least" : "at most")} {words}: {Verdict(comparison.Reaches(number, goal))}";

    /// <summary>Three digits or more, and no more behind the point than mean something.</summary>
    static string Number(double number) => number.ToString(Math.Abs(number) >= 1000 ? "N0" : "0.0", CultureInfo.InvariantCulture);

    static string Ratio(double ratio) => ratio.ToString(ratio >= 100 ? "N0" : "0.00", CultureInfo.InvariantCulture);

    static string Verdict(bool reached) => reached ? "reached" : "**missed**";

    static string Title(string area) => area switch
    {
        "load" => "Loading, attaching and listing programs",
        "parse" => "What a packet costs",
        "send" => "Sending",
        "receive" => "Receiving",
        "respond" => "Answering",
        "encapsulate" => "Encapsulating",
        "soak" => "Streaming for a long time",
        _ => area,
    };

    static string Remarks(string area) => area switch
    {
        "load" => LoadArea.Remarks,
        "parse" => ParseArea.Remarks,
        "send" => SendArea.Remarks,
        "receive" => ReceiveArea.Remarks,
        "respond" => RespondArea.Remarks,
        "encapsulate" => EncapsulateArea.Remarks,
        "soak" => SoakArea.Remarks,
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

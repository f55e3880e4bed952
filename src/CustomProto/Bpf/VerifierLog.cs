using System.Globalization;
using System.Text.RegularExpressions;

namespace CustomProto.Bpf;

/// <summary>Why the verifier refused a program.</summary>
/// <param name="Reason">Its last words, without what it counted.</param>
/// <param name="Source">The source line it was at, if the object has line information.</param>
/// <param name="File">The source file, if the kernel tells it (Linux 6.9).</param>
/// <param name="Line">The line's number.</param>
readonly record struct VerifierRefusal(string Reason, string? Source, string? File, int? Line)
{
    /// <summary>Whether there is nothing to say.</summary>
    internal bool IsEmpty => Reason.Length == 0;

    /// <summary>The reason and the source line, as part of a sentence.</summary>
    public override string ToString() => (Source, File) switch
    {
        (null, _) => Reason,
        (_, null) => $"{Reason} (at the source line '{Source}')",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Reason} ({File}:{Line}: {Source})"),
    };
}

/// <summary>
/// What matters in the log of the kernel's verifier, which is made for reading from end to end: instructions, the state of registers
/// before them, and at last the reason (kernel/bpf/verifier.c, log.c).
/// </summary>
static partial class VerifierLog
{
    /// <summary>A reason has a sentence, and sometimes another that explains it.</summary>
    const int MaxReasons = 3;

    /// <summary>What libbpf says after the line that matters.</summary>
    static readonly string[] s_followUps = ["failed to load object", "failed to load BPF skeleton", "permission error while running as root", "-- END PROG LOAD LOG --"];

    /// <summary>Reads a verifier's log.</summary>
    internal static VerifierRefusal Read(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var end = lines.Length;
        while (end > 0 && Count().IsMatch(lines[end - 1]))
        {
            end--;
        }

        var start = end;
        while (start > 0 && end - start < MaxReasons && !Step().IsMatch(lines[start - 1]))
        {
            start--;
        }

        var reason = string.Join("; ", lines[start..end].Select(line => line.TrimEnd('.')));
        for (var i = start - 1; i >= 0; i--)
        {
            // Instructions that belong to no line have an empty one.
            if (lines[i] is [';', .. var rest] && rest.Trim() is var source && !source.StartsWith('@'))
            {
                var place = Place().Match(source);
                return place.Success
                    ? new VerifierRefusal(
                        reason,
                        place.Groups["source"].Value,
                        Path.GetFileName(place.Groups["file"].Value),
                        int.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture))
                    : new VerifierRefusal(reason, source, null, null);
            }
        }

        return new VerifierRefusal(reason, null, null, null);
    }

    /// <summary>The line of libbpf's output that says what went wrong; empty for none.</summary>
    internal static string LastWords(string? output)
    {
        var lines = (output ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var last = Array.FindLast(lines, line => !Array.Exists(s_followUps, followUp => line.Contains(followUp, StringComparison.Ordinal))) ?? "";
        return last.StartsWith("libbpf: ", StringComparison.Ordinal) ? last["libbpf: ".Length..] : last;
    }

    [GeneratedRegex(@"^(processed \d+ insns|verification time|stack depth|max_states_per_insn|mark_precise: )")]
    private static partial Regex Count();

    /// <summary>An instruction, a source line, the state of registers, or a jump to another path.</summary>
    [GeneratedRegex(@"^(; |\d+: |from \d+ to \d+|func#\d|R\d+(_w)?=|\(\w\w\) |\.\.\.|mark_precise|propagating|last_idx|regs=|frame\d+: |caller:|callee:|returning from callee|to caller at |cur state:|old state:)")]
    private static partial Regex Step();

    [GeneratedRegex(@"^(?<source>.*) @ (?<file>[^@]+):(?<line>\d{1,9})$")]
    private static partial Regex Place();
}

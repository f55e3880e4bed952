using System.Text.RegularExpressions;

namespace CustomProto.Tests.Architecture;

/// <summary>Habits of the source that no analyzer watches.</summary>
static partial class SourceRules
{
    const int MaxLines = 400;

    /// <summary>What is wrong with a source file, in words.</summary>
    internal static IEnumerable<string> Check(string path, string text)
    {
        var lines = text.Split('\n');
        var count = lines.Length - (lines[^1].Length == 0 ? 1 : 0);
        if (path.StartsWith("src/", StringComparison.Ordinal) && count > MaxLines)
        {
            yield return $"{path}: {count} lines; split it by concern";
        }

        if (path.StartsWith("bpf/", StringComparison.Ordinal) && !lines[0].Contains("SPDX-License-Identifier:", StringComparison.Ordinal))
        {
            yield return $"{path}: the first line names no license (SPDX-License-Identifier)";
        }

        for (var i = 0; i < lines.Length; i++)
        {
            if (Region().IsMatch(lines[i]))
            {
                yield return $"{path}:{i + 1}: a region";
            }

            if (Banner().IsMatch(lines[i]))
            {
                yield return $"{path}:{i + 1}: a banner";
            }
        }
    }

    /// <summary>Whether a folder or type has a name that says nothing about what belongs there.</summary>
    internal static bool SaysNothing(string name) => Vague().IsMatch(name);

    [GeneratedRegex(@"^\s*#\s*(end)?region\b")]
    private static partial Regex Region();

    /// <summary>A comment that is, or begins with, a line drawn of signs.</summary>
    [GeneratedRegex(@"^\s*(//+|/\*|#|\*)\s*[-=*#~+_/]{4,}")]
    private static partial Regex Banner();

    [GeneratedRegex("(Utils?|Utilit(y|ies)|Helpers?|Managers?|Common|Misc)$", RegexOptions.IgnoreCase)]
    private static partial Regex Vague();
}

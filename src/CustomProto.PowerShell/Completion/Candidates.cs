using System.Management.Automation;
using System.Management.Automation.Language;

namespace CustomProto.PowerShell.Completion;

/// <summary>Something that can be completed to.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="ToolTip">What is said about it.</param>
readonly record struct Candidate(string Text, string ToolTip);

/// <summary>From what could be meant to what the shell shows.</summary>
static class Candidates
{
    /// <summary>The candidates that begin with what was typed. Never throws: a shell that completes has nowhere to show an error.</summary>
    internal static IReadOnlyList<CompletionResult> Complete(string? word, Func<IEnumerable<Candidate>> list)
    {
        var begin = (word ?? "").Trim('\'', '"');
        try
        {
            return [.. list().Where(one => one.Text.StartsWith(begin, StringComparison.OrdinalIgnoreCase)).Select(ToResult)];
        }
        catch (Exception exception) when (ErrorRecords.Covers(exception))
        {
            return [];
        }
    }

    static CompletionResult ToResult(Candidate candidate) =>
        new(Quote(candidate.Text), candidate.Text, CompletionResultType.ParameterValue, candidate.ToolTip);

    static string Quote(string text) => text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.')
        ? text
        : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
}

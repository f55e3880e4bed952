using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CustomProto.PowerShell.Parameters;

namespace CustomProto.PowerShell.Completion;

/// <summary>Completes the names of message types.</summary>
public sealed class MessageTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidates.Complete(wordToComplete, () => MessageTypeNames.All.Select(name =>
            new Candidate(name.Key, $"type {((byte)name.Value).ToString(CultureInfo.InvariantCulture)}")));
}

using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Completion;

/// <summary>Completes the names of readers of the programs that can be read from here.</summary>
public sealed class ReaderCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidates.Complete(wordToComplete, () => Receivers.Available()
            .SelectMany(receiver => receiver.Readers.Select(reader => (Name: reader, receiver.Interface)))
            .GroupBy(reader => reader.Name, reader => reader.Interface)
            .Select(reader => new Candidate(reader.Key, $"reader on {string.Join(", ", reader)}")));
}

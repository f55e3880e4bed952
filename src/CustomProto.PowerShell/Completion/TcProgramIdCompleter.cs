using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Completion;

/// <summary>Completes the ids of the programs at tc.</summary>
public sealed class TcProgramIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidates.Complete(wordToComplete, () => TcInventory.List(NetworkLinks.List()).Select(program =>
            new Candidate(program.Id.ToString(CultureInfo.InvariantCulture), program.ToString())));
}

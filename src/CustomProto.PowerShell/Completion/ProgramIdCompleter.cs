using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Completion;

/// <summary>Completes the ids of the programs that are attached: those at tc for the cmdlets with the noun TcProgram, else those at XDP.</summary>
public sealed class ProgramIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(commandName);
        return commandName.EndsWith("-TcProgram", StringComparison.OrdinalIgnoreCase)
            ? Complete(wordToComplete, TcInventory.List)
            : Complete(wordToComplete, ProgramInventory.List);
    }

    static IReadOnlyList<CompletionResult> Complete(string word, Func<IReadOnlyList<NetworkLink>, IReadOnlyList<KernelProgram>> list) =>
        Candidates.Complete(word, () => list(NetworkLinks.List()).Select(program => new Candidate(program.Id.ToString(CultureInfo.InvariantCulture), program.ToString())));
}

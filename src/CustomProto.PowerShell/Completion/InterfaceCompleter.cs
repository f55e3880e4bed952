using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CustomProto.Net;

namespace CustomProto.PowerShell.Completion;

/// <summary>Completes the names of network interfaces.</summary>
public sealed class InterfaceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Candidates.Complete(wordToComplete, () => NetworkLinks.List().Select(link => new Candidate(link.Name, Describe(link))));

    static string Describe(NetworkLink link)
    {
        var state = link.IsUp ? "up" : "down";
        var held = link.XdpAttachments.Count > 0 ? $", XDP program {link.XdpAttachments[0].ProgramId}" : "";
        return $"index {link.Index}, {link.Kind ?? (link.IsLoopback ? "loopback" : "device")}, {state}, MTU {link.Mtu}{held}";
    }
}

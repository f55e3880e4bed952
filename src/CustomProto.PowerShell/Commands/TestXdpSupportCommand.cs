using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <summary>Says what works here, what doesn't, and what to do about it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "XdpSupport")]
[OutputType(typeof(SupportRow))]
public sealed class TestXdpSupportCommand : CustomProtoCommand
{
    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        WriteObject(SupportReport.ReadHost(), enumerateCollection: true);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Interface ?? [])
        {
            if (!Attempt(() => InterfaceSelection.Find(name), name, out var links))
            {
                continue;
            }

            foreach (var link in links)
            {
                WriteObject(SupportReport.ReadInterface(link), enumerateCollection: true);
            }
        }
    }
}

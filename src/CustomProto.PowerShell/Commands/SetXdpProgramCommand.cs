using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Changes what a registered program does, while it runs and without a gap.</summary>
[Cmdlet(VerbsCommon.Set, "XdpProgram", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(XdpProgram))]
public sealed partial class SetXdpProgramCommand : FilteringCommand
{
    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>The programs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public XdpProgram[] InputObject { get; set; } = [];

    /// <summary>What becomes of valid messages from now on.</summary>
    [Parameter]
    public MatchAction? MatchAction { get; set; }

    /// <summary>Whether the program writes a line a packet to the kernel's trace from now on; -Trace:$false switches it off.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>The reader whose filter is changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ReaderCompleter))]
    public string Reader { get; set; } = Receiver.DefaultReader;

    /// <summary>Whether the reader gets every message from now on.</summary>
    [Parameter]
    public SwitchParameter NoFilter { get; set; }

    /// <summary>Whether the programs are emitted that were changed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (NoFilter && HasFilter)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "FilterAndNoFilter", "-NoFilter takes the filter away, and other parameters say what it is to be.", "Leave out the one or the others.", Reader)));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InterfaceSet)
        {
            foreach (var name in Interface)
            {
                Change(() => InterfaceSelection.RequireReceivers(name, onlyXdp: true), name);
            }

            return;
        }

        foreach (var program in InputObject)
        {
            Change(() => [InterfaceSelection.RequireReceiver(program)], program);
        }
    }

    void Change(Func<IReadOnlyList<Receiver>> select, object target)
    {
        if (!Attempt(select, target, out var receivers))
        {
            return;
        }

        foreach (var receiver in receivers)
        {
            if (!ShouldProcess($"{receiver.Interface} (index {receiver.InterfaceIndex})", $"Change the XDP program with id {receiver.ProgramId}")
                || !Attempt(() => Change(receiver), target, out var notices))
            {
                continue;
            }

            WriteWarnings(notices);
            if (PassThru && Attempt(() => XdpSelection.Programs.Require(receiver.ProgramId), target, out var program))
            {
                WriteObject(program);
            }
        }
    }

    IReadOnlyList<string> Change(Receiver receiver)
    {
        if (MatchAction is { } action)
        {
            receiver.MatchAction = action;
        }

        if (MyInvocation.BoundParameters.ContainsKey(nameof(Trace)))
        {
            receiver.Trace = Trace;
        }

        if (NoFilter || HasFilter)
        {
            receiver.SetFilter(Reader, NoFilter ? ReaderFilter.None : ReadFilter());
        }

        return ChangeResponder(receiver);
    }
}

using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Parameters;
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

    /// <summary>Makes all changes that were asked for, or none: one that is refused takes those before it back.</summary>
    IReadOnlyList<string> Change(Receiver receiver)
    {
        var filter = NoFilter ? ReaderFilter.None : HasFilter ? ReadFilter() : null;
        var (trace, responder) = (receiver.Trace, receiver.Responder);
        try
        {
            if (MyInvocation.BoundParameters.ContainsKey(nameof(Trace)))
            {
                receiver.Trace = Trace;
            }

            var notices = ChangeResponder(receiver, responder);
            if (filter is not null)
            {
                receiver.SetFilter(Reader, filter);
            }

            if (MatchAction is { } action)
            {
                receiver.MatchAction = action;
            }

            return notices;
        }
        catch (CustomProtoException)
        {
            if (receiver.Trace != trace)
            {
                receiver.Trace = trace;
            }

            if (ResponderChoice.IsMade(MyInvocation.BoundParameters))
            {
                receiver.SetResponder(responder);
            }

            throw;
        }
    }
}

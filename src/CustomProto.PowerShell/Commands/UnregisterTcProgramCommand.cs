using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Detaches programs at tc: ours, and with -Force and a confirmation foreign ones.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "TcProgram", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(TcProgram))]
public sealed class UnregisterTcProgramCommand : CustomProtoCommand
{
    const string InterfaceSet = "Interface";
    const string IdSet = "Id";
    const string InputObjectSet = "InputObject";

    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>Only those that see packets in this direction.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [ValidateSet(nameof(PacketDirection.Ingress), nameof(PacketDirection.Egress))]
    public PacketDirection? Direction { get; set; }

    /// <summary>The programs' ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdSet)]
    [ArgumentCompleter(typeof(TcProgramIdCompleter))]
    public uint[] Id { get; set; } = [];

    /// <summary>The programs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public TcProgram[] InputObject { get; set; } = [];

    /// <summary>Whether the programs are emitted that were detached, as they were.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Whether programs that this process didn't register may be detached too, after a confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var (program, target) in Select())
        {
            if (Attempt(() => Detaching(program), target, out var detach)
                && ShouldProcess($"{program.Interface} (index {program.InterfaceIndex})", $"Detach the tc program {program.Name} (id {program.Id}, {program.Direction.ToString().ToLowerInvariant()})")
                && (detach is not null || ConfirmForeign("tc", [program.Id], program.Interface, "Detach"))
                && Attempt(detach ?? (() => TcInventory.Detach(program)), target)
                && PassThru)
            {
                WriteObject(program);
            }
        }
    }

    /// <summary>How a program of ours is detached; nothing for a foreign one, which -Force has to allow.</summary>
    Action? Detaching(TcProgram program)
    {
        try
        {
            return InterfaceSelection.RequireReceiver(program).Unregister;
        }
        catch (CustomProtoException failure) when (Force && failure.ErrorId is "ForeignProgram" or "OtherVersion")
        {
            return null;
        }
    }

    IEnumerable<(TcProgram Program, object Target)> Select() => ParameterSetName switch
    {
        InterfaceSet => Interface.SelectMany(name => Attempt(() => TcSelection.RequireOn(name), name, out var found)
            ? found.Where(program => Direction is null || program.Direction == Direction).Select(program => (program, (object)name))
            : []),
        IdSet => Id.SelectMany(id => Attempt(() => TcSelection.Require(id), id, out var program) ? [(program, (object)id)] : Array.Empty<(TcProgram, object)>()),
        _ => InputObject.Select(program => (program, (object)program)),
    };
}

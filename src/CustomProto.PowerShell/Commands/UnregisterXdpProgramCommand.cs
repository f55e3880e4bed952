using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Detaches programs: ours, and with -Force and a confirmation foreign ones.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "XdpProgram", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(XdpProgram))]
public sealed class UnregisterXdpProgramCommand : CustomProtoCommand
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

    /// <summary>The programs' ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdSet)]
    [ArgumentCompleter(typeof(ProgramIdCompleter))]
    public uint[] Id { get; set; } = [];

    /// <summary>The programs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public XdpProgram[] InputObject { get; set; } = [];

    /// <summary>Whether the programs are emitted that were detached.</summary>
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
                && ShouldProcess($"{program.Interface} (index {program.InterfaceIndex})", $"Detach the XDP program {program.Name} (id {program.Id})")
                && (detach is not null || ConfirmForeign([new XdpAttachment(program.Mode, program.Id)], program.Interface!, "Detach"))
                && Attempt(detach ?? (() => Detach(program)), target)
                && PassThru)
            {
                WriteObject(program);
            }
        }
    }

    /// <summary>How a program of ours is detached; nothing for a foreign one, which -Force has to allow.</summary>
    Action? Detaching(XdpProgram program)
    {
        if (UserPrograms.Find(program.Id) is { } user)
        {
            return user.Unregister;
        }

        if (UserPrograms.IsPersistent(program.Id))
        {
            return () => Detach(program);
        }

        try
        {
            return InterfaceSelection.RequireReceiver(program).Unregister;
        }
        catch (CustomProtoException failure) when (Force && failure.ErrorId is "ForeignProgram" or "OtherVersion")
        {
            return null;
        }
    }

    static void Detach(XdpProgram program) => XdpDetach.Detach(NetworkLinks.Get(program.InterfaceIndex), program.Mode, program.Id);

    IEnumerable<(XdpProgram Program, object Target)> Select() => ParameterSetName switch
    {
        InterfaceSet => Interface.SelectMany(name => Attempt(() => ProgramSelection.RequireOn(name), name, out var found)
            ? found.Select(program => (program, (object)name))
            : []),
        IdSet => Id.SelectMany(id => Attempt(() => ProgramSelection.Require(id), id, out var program) ? [(program, (object)id)] : Array.Empty<(XdpProgram, object)>()),
        _ => InputObject.Select(program => (program, (object)program)),
    };
}

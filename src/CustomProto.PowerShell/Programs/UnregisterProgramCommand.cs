using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Programs;

/// <summary>What commands that detach programs have in common: ours, and with -Force and a confirmation foreign ones.</summary>
public abstract class UnregisterProgramCommand<TProgram> : CustomProtoCommand
    where TProgram : KernelProgram
{
    /// <summary>The parameter set in which interfaces are named.</summary>
    private protected const string InterfaceSet = "Interface";

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
    public TProgram[] InputObject { get; set; } = [];

    /// <summary>Whether the programs are emitted that were detached, as they were.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Whether programs that this process didn't register may be detached too, after a confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The programs to choose from.</summary>
    private protected abstract ProgramSelection<TProgram> Programs { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var (program, target) in Select())
        {
            if (Attempt(() => Detaching(program), target, out var detach)
                && ShouldProcess($"{program.Interface} (index {program.InterfaceIndex})", $"Detach the {Programs.Kind} program {program.Name} (id {program.Id})")
                && (detach is not null || ConfirmForeign(Programs.Kind, [program.Id], program.Interface!, "Detach"))
                && Attempt(detach ?? (() => Detach(program)), target)
                && PassThru)
            {
                WriteObject(program);
            }
        }
    }

    /// <summary>Whether a program on a named interface is meant.</summary>
    private protected virtual bool IsMeant(TProgram program) => true;

    /// <summary>How a program of ours is detached; nothing for a foreign one, which -Force has to allow.</summary>
    private protected virtual Action? Detaching(TProgram program)
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

    /// <summary>Detaches a program that this process has no receiver for.</summary>
    private protected abstract void Detach(TProgram program);

    IEnumerable<(TProgram Program, object Target)> Select() => ParameterSetName switch
    {
        InterfaceSet => Interface.SelectMany(name => Attempt(() => Programs.RequireOn(name), name, out var found)
            ? found.Where(IsMeant).Select(program => (program, (object)name))
            : []),
        IdSet => Id.SelectMany(id => Attempt(() => Programs.Require(id), id, out var program) ? [(program, (object)id)] : Array.Empty<(TProgram, object)>()),
        _ => InputObject.Select(program => (program, (object)program)),
    };
}

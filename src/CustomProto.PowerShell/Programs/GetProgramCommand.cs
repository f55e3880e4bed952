using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Programs;

/// <summary>What commands that list attached programs have in common: which of them.</summary>
public abstract class GetProgramCommand<TProgram> : CustomProtoCommand
    where TProgram : KernelProgram
{
    /// <summary>The parameter set in which interfaces are named.</summary>
    private protected const string InterfaceSet = "Interface";

    /// <summary>The parameter set in which ids are given.</summary>
    private protected const string IdSet = "Id";

    const string InputObjectSet = "InputObject";

    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <summary>The programs' ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = IdSet)]
    [ArgumentCompleter(typeof(ProgramIdCompleter))]
    public uint[] Id { get; set; } = [];

    /// <summary>The programs, to be looked at again.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public TProgram[] InputObject { get; set; } = [];

    /// <summary>The programs to choose from.</summary>
    private protected abstract ProgramSelection<TProgram> Programs { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == IdSet)
        {
            foreach (var id in Id)
            {
                Write(() => [Programs.Require(id)], id);
            }

            return;
        }

        foreach (var program in InputObject)
        {
            Write(() => [Programs.Require(program.Id)], program);
        }

        if (ParameterSetName == InputObjectSet)
        {
            return;
        }

        foreach (var name in Interface ?? ["*"])
        {
            Write(() => Programs.On(InterfaceSelection.Find(name)), name);
        }
    }

    /// <summary>Writes the programs that were asked for.</summary>
    private protected abstract void Write(Func<IReadOnlyList<TProgram>> list, object? target);
}

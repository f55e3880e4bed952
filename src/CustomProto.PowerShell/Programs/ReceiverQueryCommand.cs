using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>What commands that read what programs keep have in common: which programs; without a word all of them.</summary>
public abstract class ReceiverQueryCommand : CustomProtoCommand
{
    /// <summary>The parameter set in which interfaces are named.</summary>
    private protected const string InterfaceSet = "Interface";

    const string InputObjectSet = "InputObject";

    /// <summary>The interfaces; wildcards are allowed.</summary>
    [Parameter(Position = 0, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <summary>The programs.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public KernelProgram[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (var program in InputObject)
            {
                Query(() => [InterfaceSelection.RequireReceiver(program)], program);
            }
        }
        else if (Interface is null)
        {
            Query(Receivers.Available, null);
        }
        else
        {
            foreach (var name in Interface)
            {
                Query(() => InterfaceSelection.RequireReceivers(name), name);
            }
        }
    }

    /// <summary>Asks the programs that a user named.</summary>
    private protected abstract void Query(IReadOnlyList<Receiver> receivers, object? target);

    void Query(Func<IReadOnlyList<Receiver>> select, object? target)
    {
        if (Attempt(select, target, out var receivers))
        {
            Query(receivers, target);
        }
    }
}

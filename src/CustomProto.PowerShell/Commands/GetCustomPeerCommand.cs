using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Lists who sent messages to the programs.</summary>
[Cmdlet(VerbsCommon.Get, "CustomPeer", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(CustomPeer))]
public sealed class GetCustomPeerCommand : CustomProtoCommand
{
    const string InterfaceSet = "Interface";
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
    public XdpProgram[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (var program in InputObject)
            {
                Write(() => [InterfaceSelection.RequireReceiver(program)], program);
            }
        }
        else if (Interface is null)
        {
            Write(Receivers.Available, null);
        }
        else
        {
            foreach (var name in Interface)
            {
                Write(() => InterfaceSelection.RequireReceivers(name), name);
            }
        }
    }

    void Write(Func<IReadOnlyList<Receiver>> select, object? target)
    {
        if (!Attempt(select, target, out var receivers))
        {
            return;
        }

        foreach (var receiver in receivers)
        {
            if (!Attempt(receiver.ReadPeers, target, out var peers))
            {
                continue;
            }

            // One by one: the first may be all that the pipeline wants.
            foreach (var peer in peers)
            {
                WriteObject(peer);
            }
        }
    }
}

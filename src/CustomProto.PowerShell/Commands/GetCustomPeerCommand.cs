using System.Management.Automation;
using CustomProto.PowerShell.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Lists who sent messages to the programs.</summary>
[Cmdlet(VerbsCommon.Get, "CustomPeer", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(CustomPeer))]
public sealed class GetCustomPeerCommand : ReceiverQueryCommand
{
    private protected override void Query(IReadOnlyList<Receiver> receivers, object? target)
    {
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

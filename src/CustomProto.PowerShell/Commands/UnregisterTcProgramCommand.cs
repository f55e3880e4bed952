using System.Management.Automation;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Detaches programs at tc: ours, and with -Force and a confirmation foreign ones.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "TcProgram", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(TcProgram))]
public sealed class UnregisterTcProgramCommand : UnregisterProgramCommand<TcProgram>
{
    /// <summary>Only those that see packets in this direction.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [ValidateSet(nameof(PacketDirection.Ingress), nameof(PacketDirection.Egress))]
    public PacketDirection? Direction { get; set; }

    private protected override ProgramSelection<TcProgram> Programs => TcSelection.Programs;

    private protected override bool IsMeant(TcProgram program) => Direction is null || program.Direction == Direction;

    private protected override void Detach(TcProgram program) => TcInventory.Detach(program);
}

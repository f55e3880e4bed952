using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Detaches programs: ours, and with -Force and a confirmation foreign ones.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "XdpProgram", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(XdpProgram))]
public sealed class UnregisterXdpProgramCommand : UnregisterProgramCommand<XdpProgram>
{
    private protected override ProgramSelection<XdpProgram> Programs => XdpSelection.Programs;

    private protected override Action? Detaching(XdpProgram program) =>
        UserPrograms.Find(program.Id) is { } user ? user.Unregister
        : UserPrograms.IsPersistent(program.Id) ? () => Detach(program)
        : base.Detaching(program);

    private protected override void Detach(XdpProgram program) => XdpDetach.Detach(NetworkLinks.Get(program.InterfaceIndex), program.Mode, program.Id);
}

using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <summary>Lists the programs that are attached at tc in this network namespace, with the counters of ours.</summary>
[Cmdlet(VerbsCommon.Get, "TcProgram", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(TcProgram))]
public sealed class GetTcProgramCommand : GetProgramCommand<TcProgram>
{
    bool _withoutDetails;

    private protected override ProgramSelection<TcProgram> Programs => TcSelection.Programs;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Attempt(() => NetworkLinks.List() is [var first, ..] && !TcInventory.SeesEverything(first), null, out var isBlind) && isBlind)
        {
            WriteWarning("Only filters of clsact are listed: programs of tcx are for CAP_NET_ADMIN to see. Run as root (sudo pwsh).");
        }

        if (_withoutDetails)
        {
            WriteWarning("Names, links, owners and times of programs are for CAP_SYS_ADMIN only, so they are left empty: run as root (sudo pwsh).");
        }
    }

    private protected override void Write(Func<IReadOnlyList<TcProgram>> list, object? target)
    {
        if (!Attempt(list, target, out var programs))
        {
            return;
        }

        foreach (var program in programs)
        {
            _withoutDetails |= program.LoadTime is null;
            if (program.Gso > 0)
            {
                WriteWarning(
                    $"The tc program {program} has dropped {program.Gso} packets of several datagrams each, into which no headers can be put: "
                    + (program.Encapsulated is not null && program.Direction == Protocol.PacketDirection.Egress
                        ? "the sending program uses UDP_SEGMENT. Switch that off in it (QUIC libraries call it GSO)."
                        : $"switch merging off (ethtool -K {program.Interface} rx-udp-gro-forwarding off rx-gro-list off), or UDP_SEGMENT in the program that sends over a virtual link."));
            }

            WriteObject(program);
        }
    }
}

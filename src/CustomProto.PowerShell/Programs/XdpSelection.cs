using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>The XDP programs.</summary>
static class XdpSelection
{
    /// <summary>All of them.</summary>
    internal static readonly ProgramSelection<XdpProgram> Programs = new("XDP", "XdpProgram", ProgramInventory.List, FindElsewhere);

    /// <summary>The failure for a program that this process has no receiver for.</summary>
    internal static CustomProtoException NoReceiver(XdpProgram program) => UserPrograms.Find(program.Id) is not { } user
        ? Programs.NoReceiver(program)
        : new CustomProtoException(
            FailureKind.Unsupported,
            "NotTheProtocolsProgram",
            $"The XDP program {program} comes from '{user.Path}', so it has no messages and counters of the protocol.",
            "Read its maps with bpftool map dump, or register the protocol's program instead.",
            program);

    /// <summary>A program of this process whose interface is gone or in another network namespace.</summary>
    static XdpProgram? FindElsewhere(uint id) =>
        Receivers.Find(id) is { } receiver
            ? new XdpProgram { Interface = receiver.Interface, InterfaceIndex = receiver.InterfaceIndex, Mode = receiver.Mode, Id = id }
        : UserPrograms.Find(id) is { } user
            ? new XdpProgram
            {
                Interface = user.Interface,
                InterfaceIndex = user.InterfaceIndex,
                Mode = user.Mode,
                Id = id,
                Name = user.Name,
                Lifetime = user.Lifetime,
            }
        : null;
}

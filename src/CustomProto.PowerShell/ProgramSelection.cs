using System.Globalization;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell;

/// <summary>From an interface's name or a program's id to the attached programs.</summary>
static class ProgramSelection
{
    /// <summary>The programs on the interfaces that a name or a wildcard pattern means.</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name, or no program on the one that was named.</exception>
    internal static IReadOnlyList<XdpProgram> RequireOn(string name)
    {
        var links = InterfaceSelection.Find(name);
        var programs = ProgramInventory.List(links);
        return programs.Count > 0 || links is not [var only]
            ? programs
            : throw new CustomProtoException(
                FailureKind.NotFound,
                "ProgramNotFound",
                $"No XDP program is attached to '{only.Name}'.",
                "Get-XdpProgram lists the programs that are attached in this network namespace.",
                only.Name);
    }

    /// <summary>The attached program with an id: in this network namespace, or one of this process's elsewhere.</summary>
    /// <exception cref="CustomProtoException">There is none.</exception>
    internal static XdpProgram Require(uint id) =>
        ProgramInventory.List(NetworkLinks.List()).FirstOrDefault(program => program.Id == id)
        ?? (Receivers.Find(id) is { } receiver ? Describe(receiver) : null)
        ?? (UserPrograms.Find(id) is { } user ? Describe(user) : throw NotFound(id));

    /// <summary>A program of this process whose interface is gone or in another network namespace.</summary>
    static XdpProgram Describe(Receiver receiver) => new()
    {
        Interface = receiver.Interface,
        InterfaceIndex = receiver.InterfaceIndex,
        Mode = receiver.Mode,
        Id = receiver.ProgramId,
    };

    static XdpProgram Describe(UserProgram program) => new()
    {
        Interface = program.Interface,
        InterfaceIndex = program.InterfaceIndex,
        Mode = program.Mode,
        Id = program.ProgramId,
        Name = program.Name,
        Lifetime = program.Lifetime,
    };

    static CustomProtoException NotFound(uint id) => new(
        FailureKind.NotFound,
        "ProgramNotFound",
        string.Create(CultureInfo.InvariantCulture, $"No XDP program with the id {id} is attached in this network namespace."),
        "Get-XdpProgram lists the programs that are.",
        id);
}

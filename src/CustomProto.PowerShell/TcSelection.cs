using System.Globalization;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell;

/// <summary>From an interface's name or a program's id to the programs at tc, with the counters of ours.</summary>
static class TcSelection
{
    /// <summary>The programs on some interfaces.</summary>
    internal static IReadOnlyList<TcProgram> On(IReadOnlyList<NetworkLink> links) => [.. TcInventory.List(links).Select(WithCounters)];

    /// <summary>The program that this process has just registered.</summary>
    internal static TcProgram Describe(Receiver receiver) =>
        WithCounters(TcInventory.ListOwn([NetworkLinks.Get(receiver.InterfaceIndex)]).First(program => program.Id == receiver.ProgramId));

    /// <summary>The programs on the interfaces that a name or a wildcard pattern means.</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name, or no program on the one that was named.</exception>
    internal static IReadOnlyList<TcProgram> RequireOn(string name)
    {
        var links = InterfaceSelection.Find(name);
        var programs = On(links);
        return programs.Count > 0 || links is not [var only]
            ? programs
            : throw new CustomProtoException(
                FailureKind.NotFound,
                "ProgramNotFound",
                $"No tc program is attached to '{only.Name}'.",
                "Get-TcProgram lists the programs that are attached in this network namespace.",
                only.Name);
    }

    /// <summary>The attached program with an id.</summary>
    /// <exception cref="CustomProtoException">There is none in this network namespace.</exception>
    internal static TcProgram Require(uint id) => On(NetworkLinks.List()).FirstOrDefault(program => program.Id == id) ?? throw new CustomProtoException(
        FailureKind.NotFound,
        "ProgramNotFound",
        string.Create(CultureInfo.InvariantCulture, $"No tc program with the id {id} is attached in this network namespace."),
        "Get-TcProgram lists the programs that are.",
        id);

    /// <summary>The failure for a program that this process has no receiver for.</summary>
    internal static CustomProtoException NoReceiver(TcProgram program)
    {
        var isAttached = NetworkLinks.TryGet(program.InterfaceIndex, out var link) && TcInventory.List([link]).Any(one => one.Id == program.Id);
        return isAttached
            ? new CustomProtoException(
                FailureKind.Busy,
                "ForeignProgram",
                $"The tc program {program} wasn't registered by this PowerShell process, so it is left alone{(program.LinkId is { } held ? $"; BPF link {held} holds it" : "")}.",
                $"Get-TcProgram -Id {program.Id} | Unregister-TcProgram -Force detaches it.",
                program)
            : new CustomProtoException(
                FailureKind.NotFound,
                "ProgramNotFound",
                $"The tc program {program} isn't attached any more.",
                "Get-TcProgram lists the programs that are.",
                program);
    }

    static TcProgram WithCounters(TcProgram program)
    {
        if (FindOurs(program.Id) is not { } receiver)
        {
            return program;
        }

        var counted = receiver.ReadStatistics();
        var described = program with
        {
            Encapsulation = receiver.Encapsulation.ToString(),
            Seen = counted.Seen,
            Valid = counted.Valid,
            Aggregated = counted.Aggregated,
        };
        return receiver.ReadEncapsulation() is not { } headers
            ? described
            : described with
            {
                Considered = headers.Considered,
                Encapsulated = headers.Encapsulated,
                Decapsulated = headers.Decapsulated,
                Skipped = headers.Skipped,
                TooBig = headers.TooBig,
                Gso = headers.Gso,
                Fragment = headers.Fragment,
                Failed = headers.Failed,
                Told = headers.Told,
            };
    }

    /// <summary>A persistent one of another version or another user is listed like a foreign one.</summary>
    static Receiver? FindOurs(uint id)
    {
        try
        {
            return Receivers.Find(id);
        }
        catch (CustomProtoException failure) when (failure.Kind is FailureKind.InvalidData or FailureKind.PermissionDenied or FailureKind.Gone)
        {
            return null;
        }
    }
}

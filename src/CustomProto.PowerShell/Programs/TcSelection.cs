using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>The programs at tc, with the counters of ours.</summary>
static class TcSelection
{
    /// <summary>All of them.</summary>
    internal static readonly ProgramSelection<TcProgram> Programs = new("tc", "TcProgram", List);

    /// <summary>The program that this process has just registered.</summary>
    internal static TcProgram Describe(Receiver receiver) =>
        WithCounters(TcInventory.ListOwn([NetworkLinks.Get(receiver.InterfaceIndex)]).First(program => program.Id == receiver.ProgramId));

    static TcProgram[] List(IReadOnlyList<NetworkLink> links)
    {
        TcInventory.RemoveOrphans(links);
        return [.. TcInventory.List(links).Select(WithCounters)];
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

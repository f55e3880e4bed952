using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Programs;

/// <summary>What is asked of the whole system, once for all programs.</summary>
sealed class ProgramSurroundings(IReadOnlyList<ObjectHolder> holders)
{
    internal IReadOnlyList<XdpLinkInfo> Links => field ??= WithPrivilege(KernelObjects.ReadXdpLinks) ?? ReadOwnLinks(holders, KernelObjects.ReadXdpLink, link => link.Id);

    internal IReadOnlyList<TcxLinkInfo> TcxLinks => field ??= WithPrivilege(KernelObjects.ReadTcxLinks) ?? ReadOwnLinks(holders, KernelObjects.ReadTcxLink, link => link.Id);

    IReadOnlyList<PinnedProgram> Pins { get; } = PinnedObjects.FindPrograms();

    /// <summary>A program as it was found, with what the kernel says of it, and who holds and pins it.</summary>
    /// <param name="found">The program as it was found.</param>
    /// <param name="program">The program itself.</param>
    /// <param name="linkId">The link that holds it, if one does.</param>
    /// <param name="lifetime">What ends its attachment, if it isn't pinned.</param>
    internal T Describe<T>(T found, FileDescriptor program, uint? linkId, ProgramLifetime lifetime)
        where T : KernelProgram
    {
        var info = KernelObjects.ReadProgram(program, found.ToString());
        var pin = Pins.FirstOrDefault(one => one.ProgramId == found.Id);
        return (T)((KernelProgram)found with
        {
            Name = info.Name,
            Tag = info.Tag,
            LoadTime = SinceBoot(info.LoadTime),
            LinkId = linkId,
            Lifetime = pin is null ? lifetime : ProgramLifetime.Persistent,
            Owners = OwnersOf(found.Id, linkId),
            PinnedPath = pin?.Path,
            MapIds = KernelObjects.ReadMapIds(program, info.Name),
        });
    }

    List<OwnerProcess>? OwnersOf(uint programId, uint? linkId)
    {
        var owners = new List<OwnerProcess>();
        foreach (var holder in holders)
        {
            // A process that holds both comes twice, one after the other.
            if ((holder.ProgramId == programId || (linkId is not null && holder.LinkId == linkId)) && (owners.Count == 0 || owners[^1].Id != holder.Process))
            {
                owners.Add(new OwnerProcess(holder.Process, NameOf(holder.Process)));
            }
        }

        return owners.Count == 0 ? null : owners;
    }

    /// <summary>A program that this process holds, which it may look at without being allowed to open it by its id.</summary>
    internal FileDescriptor? OpenOwnProgram(uint id)
    {
        foreach (var holder in holders.Where(holder => holder.IsThisProcess && holder.ProgramId == id && holder.LinkId == 0))
        {
            // The descriptor may have been closed since, and its number be another's.
            if (WithPrivilege(() => FileDescriptor.Duplicate(holder.Descriptor, $"program {id}")) is { } program)
            {
                if (WithPrivilege<ProgramInfo?>(() => KernelObjects.ReadProgram(program, $"{id}"))?.Id == id)
                {
                    return program;
                }

                program.Dispose();
            }
        }

        return null;
    }

    static List<T> ReadOwnLinks<T>(IReadOnlyList<ObjectHolder> holders, Func<FileDescriptor, T?> read, Func<T, uint> id)
        where T : class
    {
        var links = new List<T>();
        foreach (var holder in holders.Where(holder => holder.IsThisProcess && holder.LinkId != 0))
        {
            using var link = WithPrivilege(() => FileDescriptor.Duplicate(holder.Descriptor, $"link {holder.LinkId}"));
            if (link is not null && read(link) is { } info && id(info) == holder.LinkId)
            {
                links.Add(info);
            }
        }

        return links;
    }

    /// <summary>The answer to a question that needs CAP_SYS_ADMIN, or nothing without it or when the object is gone.</summary>
    internal static T? WithPrivilege<T>(Func<T> question)
    {
        try
        {
            return question();
        }
        catch (NativeException failure) when (failure.Kind is FailureKind.PermissionDenied or FailureKind.Gone)
        {
            return default;
        }
    }

    /// <summary>A time of CLOCK_BOOTTIME as one of the wall clock.</summary>
    static DateTimeOffset SinceBoot(long nanoseconds) => DateTimeOffset.UtcNow
        .AddTicks((nanoseconds - Libc.ReadClock(Libc.CLOCK_BOOTTIME)) / TimeSpan.NanosecondsPerTick)
        .ToLocalTime();

    static string NameOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").TrimEnd();
        }
        catch (IOException)
        {
            // It ended in the meantime.
            return "?";
        }
    }
}

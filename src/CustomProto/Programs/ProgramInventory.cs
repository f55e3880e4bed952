using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>What XDP programs there are, whoever loaded and attached them.</summary>
public static class ProgramInventory
{
    const uint ProgramTypeXdp = 6;

    /// <summary>
    /// The programs attached to interfaces. That they are there needs no privilege; names, times, links, owners and pins need CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="links">The interfaces to look at, in the calling thread's network namespace.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    public static IReadOnlyList<XdpProgram> List(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        var attached = links.SelectMany(link => link.XdpAttachments, (link, attachment) => (Link: link, Attachment: attachment)).ToArray();
        if (attached.Length == 0)
        {
            return [];
        }

        var surroundings = new Surroundings();
        return [.. attached.Select(found => Describe(found.Attachment.ProgramId, found.Link, found.Attachment.Mode, surroundings))];
    }

    /// <summary>The XDP programs that are loaded but not attached to one of the interfaces: elsewhere, or only pinned or held. Needs CAP_SYS_ADMIN.</summary>
    /// <param name="links">The interfaces whose programs to leave out.</param>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    public static IReadOnlyList<XdpProgram> ListOthers(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        var attached = links.SelectMany(link => link.XdpAttachments).Select(attachment => attachment.ProgramId).ToHashSet();
        var surroundings = new Surroundings();
        return
        [
            .. KernelObjects.ReadProgramIds()
                .Where(id => !attached.Contains(id) && WithPrivilege<ProgramInfo?>(() => KernelObjects.ReadProgram(id)) is { Type: ProgramTypeXdp })
                .Select(id => Describe(id, null, XdpMode.None, surroundings)),
        ];
    }

    /// <summary>Measures how often programs run and how long they take. Statistics are switched on for that time only. Needs CAP_SYS_ADMIN.</summary>
    /// <param name="programs">The programs.</param>
    /// <param name="duration">How long to measure.</param>
    /// <param name="cancellationToken">Ends the measurement at once, with what there is.</param>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    public static IReadOnlyList<XdpProgram> Measure(IReadOnlyList<XdpProgram> programs, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(programs);
        using var statistics = KernelObjects.EnableStatistics();
        var before = programs.Select(program => WithPrivilege<ProgramInfo?>(() => KernelObjects.ReadProgram(program.Id))).ToArray();
        cancellationToken.WaitHandle.WaitOne(duration);
        return [.. programs.Select((program, i) => Measured(program, before[i], WithPrivilege<ProgramInfo?>(() => KernelObjects.ReadProgram(program.Id))))];
    }

    static XdpProgram Measured(XdpProgram program, ProgramInfo? before, ProgramInfo? after)
    {
        if (before is not { } first || after is not { } last)
        {
            return program;
        }

        var runs = last.RunCount - first.RunCount;
        return program with { RunCount = runs, NanosecondsPerRun = runs > 0 ? (last.RunTime - first.RunTime) / (double)runs : null };
    }

    static XdpProgram Describe(uint id, NetworkLink? link, XdpMode mode, Surroundings surroundings)
    {
        var described = new XdpProgram { Interface = link?.Name, InterfaceIndex = link?.Index ?? 0, Mode = mode, Id = id };
        using var program = WithPrivilege(() => KernelObjects.OpenProgram(id));
        if (program is null)
        {
            return described;
        }

        var info = KernelObjects.ReadProgram(program, described.ToString());
        var holder = surroundings.Links.FirstOrDefault(one => one.ProgramId == id && (link is null || one.InterfaceIndex == link.Index));
        var pins = surroundings.Pins.GetValueOrDefault(id);
        return described with
        {
            Name = info.Name,
            Tag = info.Tag,
            LoadTime = SinceBoot(info.LoadTime),
            LinkId = holder.Id == 0 ? null : holder.Id,
            Lifetime = LifetimeOf(link, holder, pins),
            Owners = surroundings.OwnersOf(id, holder.Id),
            PinnedPath = pins?[0],
            MapIds = KernelObjects.ReadMapIds(program, info.Name),
        };
    }

    static ProgramLifetime LifetimeOf(NetworkLink? link, XdpLinkInfo holder, List<string>? pins) => (link, holder.Id, pins) switch
    {
        (_, _, not null) => ProgramLifetime.Persistent,
        (not null, 0, _) => ProgramLifetime.Netlink,
        _ => ProgramLifetime.Process,
    };

    /// <summary>The answer to a question that needs CAP_SYS_ADMIN, or nothing without it or when the object is gone.</summary>
    static T? WithPrivilege<T>(Func<T> question)
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

    static DateTimeOffset SinceBoot(long nanoseconds) => DateTimeOffset.UtcNow
        .AddTicks((nanoseconds - Libc.ReadClock(Libc.CLOCK_BOOTTIME)) / TimeSpan.NanosecondsPerTick)
        .ToLocalTime();

    /// <summary>What is asked of the whole system, once for all programs.</summary>
    sealed class Surroundings
    {
        readonly IReadOnlyList<ObjectHolder> _holders = ObjectHolders.Find();

        internal IReadOnlyList<XdpLinkInfo> Links { get; } = WithPrivilege(KernelObjects.ReadXdpLinks) ?? [];

        internal Dictionary<uint, List<string>> Pins { get; } = PinnedObjects.FindPrograms();

        internal OwnerProcess[]? OwnersOf(uint programId, uint linkId)
        {
            var owners = _holders
                .Where(holder => holder.ProgramId == programId || (linkId != 0 && holder.LinkId == linkId))
                .Select(holder => holder.Process)
                .Distinct()
                .Select(process => new OwnerProcess(process, NameOf(process)))
                .ToArray();
            return owners.Length == 0 ? null : owners;
        }

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
}

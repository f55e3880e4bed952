using CustomProto.Bpf;
using CustomProto.Net;
using static CustomProto.Programs.ProgramSurroundings;

namespace CustomProto.Programs;

/// <summary>What XDP programs there are, whoever loaded and attached them.</summary>
public static class ProgramInventory
{
    const uint ProgramTypeXdp = 6;

    /// <summary>
    /// The programs attached to interfaces. That they are there needs no privilege; names, times, links, owners and pins of what this
    /// process doesn't hold itself need CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="links">The interfaces to look at, in the calling thread's network namespace.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    public static IReadOnlyList<XdpProgram> List(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return List(links, ObjectHolders.Find);
    }

    /// <summary>
    /// The same of programs that only this process can have, such as those that it has just attached: other processes are not looked at,
    /// which takes longer than everything else.
    /// </summary>
    /// <inheritdoc cref="List(IEnumerable{NetworkLink})"/>
    public static IReadOnlyList<XdpProgram> ListOwn(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return List(links, ObjectHolders.FindOwn);
    }

    /// <summary>The XDP programs that are loaded but not attached to one of the interfaces: elsewhere, or only pinned or held. Needs CAP_SYS_ADMIN.</summary>
    /// <param name="links">The interfaces whose programs to leave out.</param>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    public static IReadOnlyList<XdpProgram> ListOthers(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        var attached = links.SelectMany(link => link.XdpAttachments).Select(attachment => attachment.ProgramId).ToHashSet();
        var surroundings = new ProgramSurroundings(ObjectHolders.Find());
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

    static List<XdpProgram> List(IEnumerable<NetworkLink> links, Func<IReadOnlyList<ObjectHolder>> find)
    {
        var programs = new List<XdpProgram>();
        ProgramSurroundings? surroundings = null;
        foreach (var link in links)
        {
            foreach (var attachment in link.XdpAttachments)
            {
                surroundings ??= new ProgramSurroundings(find());
                programs.Add(Describe(attachment.ProgramId, link, attachment.Mode, surroundings));
            }
        }

        return programs;
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

    static XdpProgram Describe(uint id, NetworkLink? link, XdpMode mode, ProgramSurroundings surroundings)
    {
        var described = new XdpProgram { Interface = link?.Name, InterfaceIndex = link?.Index ?? 0, Mode = mode, Id = id };
        using var program = WithPrivilege(() => KernelObjects.OpenProgram(id)) ?? surroundings.OpenOwnProgram(id);
        if (program is null)
        {
            return described;
        }

        var holder = surroundings.Links.FirstOrDefault(one => one.ProgramId == id && (link is null || one.InterfaceIndex == link.Index));
        return surroundings.Describe(described, program, holder?.Id, link is not null && holder is null ? ProgramLifetime.Netlink : ProgramLifetime.Process);
    }
}

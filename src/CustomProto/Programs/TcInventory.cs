using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Protocol;
using static CustomProto.Programs.ProgramSurroundings;

namespace CustomProto.Programs;

/// <summary>What programs there are at tc, whoever loaded and attached them.</summary>
public static class TcInventory
{
    static readonly AttachPoint[] s_points = [AttachPoint.TcIngress, AttachPoint.TcEgress];

    /// <summary>
    /// The programs at tc of some interfaces, in the order in which they run: ingress before egress, and those of tcx before the filters of
    /// clsact. Those of tcx need CAP_NET_ADMIN to be seen at all; names, times, links, owners and pins need CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="links">The interfaces to look at, in the calling thread's network namespace.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    public static IReadOnlyList<TcProgram> List(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return List(links, ObjectHolders.Find);
    }

    /// <summary>
    /// The same of programs that only this process can have, such as those that it has just attached: other processes are not looked at,
    /// which takes longer than everything else.
    /// </summary>
    /// <inheritdoc cref="List(IEnumerable{NetworkLink})"/>
    public static IReadOnlyList<TcProgram> ListOwn(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return List(links, ObjectHolders.FindOwn);
    }

    static TcProgram[] List(IEnumerable<NetworkLink> links, Func<IReadOnlyList<ObjectHolder>> find)
    {
        var found = links.SelectMany(link => s_points.SelectMany(point => Attached(link, point))).ToArray();
        if (found.Length == 0)
        {
            return [];
        }

        var surroundings = new ProgramSurroundings(find());
        return [.. found.Select(program => Describe(program, surroundings))];
    }

    /// <summary>
    /// Removes what processes that were killed have left on interfaces of the calling thread's network namespace, where the kernel has no
    /// links at tc (before Linux 6.6). Without CAP_NET_ADMIN nothing is removed.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    public static void RemoveOrphans(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        ClsactAttachment.RemoveOrphans(links);
    }

    /// <summary>Whether the caller may see the programs of tcx.</summary>
    public static bool SeesEverything(NetworkLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        return TcxLink.ReadPrograms(link.Index, AttachPoint.TcIngress) is not null;
    }

    /// <summary>
    /// Detaches a program that this process has no receiver for, if it is still attached as it was seen; its pins of ours are removed. A link
    /// stays without an interface. Needs CAP_SYS_ADMIN.
    /// </summary>
    /// <exception cref="CustomProtoException">It isn't attached there any more (<see cref="FailureKind.Gone"/>), or the kernel refuses.</exception>
    public static void Detach(TcProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        var link = NetworkLinks.Get(program.InterfaceIndex);
        if (program.Mode == TcMode.Clsact)
        {
            var filter = TcFilters.List(link.Index, program.Point).Where(one => one.ProgramId == program.Id).Select(one => (TcFilter?)one).FirstOrDefault();
            TcFilters.Remove(filter ?? throw Gone(program), link.Name);
        }
        else if (KernelObjects.ReadTcxLinks().FirstOrDefault(one => Holds(one, program)) is { } holder)
        {
            using var held = new TcxLink(KernelObjects.OpenLink(holder.Id));
            held.Detach();
        }
        else
        {
            using var attached = KernelObjects.OpenProgram(program.Id);
            TcxLink.Detach(attached, link, program.Point);
        }

        PinFolder.Remove(program.Id);
    }

    static IEnumerable<TcProgram> Attached(NetworkLink link, AttachPoint point)
    {
        var direction = point == AttachPoint.TcEgress ? PacketDirection.Egress : PacketDirection.Ingress;
        var byLink = TcxLink.ReadPrograms(link.Index, point) ?? [];
        var byFilter = TcFilters.List(link.Index, point);
        return
        [
            .. byLink.Select((id, i) => Make(TcMode.Tcx, i, id)),
            .. byFilter.Select((filter, i) => Make(TcMode.Clsact, i, filter.ProgramId) with
            {
                Name = filter.Name,
                Tag = filter.Tag,
                Lifetime = FilterOwner.IsOurs(filter.Name) ? ProgramLifetime.Process : ProgramLifetime.Netlink,
            }),
        ];

        TcProgram Make(TcMode mode, int order, uint id) => new()
        {
            Interface = link.Name,
            InterfaceIndex = link.Index,
            Direction = direction,
            Mode = mode,
            Order = order + 1,
            Id = id,
        };
    }

    static TcProgram Describe(TcProgram found, ProgramSurroundings surroundings)
    {
        using var program = WithPrivilege(() => KernelObjects.OpenProgram(found.Id)) ?? surroundings.OpenOwnProgram(found.Id);
        if (program is null)
        {
            return found;
        }

        var holder = found.Mode == TcMode.Tcx ? surroundings.TcxLinks.FirstOrDefault(link => Holds(link, found)) : null;
        var described = surroundings.Describe(found, program, holder?.Id, ProgramLifetime.Process);
        return holder is null && found.Lifetime != ProgramLifetime.Process ? described with { Lifetime = ProgramLifetime.Netlink } : described;
    }

    static bool Holds(TcxLinkInfo link, TcProgram program) =>
        link.ProgramId == program.Id && link.InterfaceIndex == program.InterfaceIndex && link.AttachType == TcxLink.AttachType(program.Point);

    static CustomProtoException Gone(TcProgram program) => new(
        FailureKind.Gone,
        "ProgramNotFound",
        $"The tc program {program} isn't attached any more.",
        "Get-TcProgram lists the programs that are.",
        program);
}

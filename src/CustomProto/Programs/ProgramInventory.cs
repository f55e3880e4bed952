using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>What XDP programs are attached in the calling thread's network namespace, whoever attached them.</summary>
public static class ProgramInventory
{
    /// <summary>
    /// The attached programs, by interface. Seeing that they are there needs no privilege; names, times and links need CAP_SYS_ADMIN and
    /// are <see langword="null"/> without it.
    /// </summary>
    /// <param name="links">The interfaces to look at.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    public static IReadOnlyList<XdpProgram> List(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        var attached = links.SelectMany(link => link.XdpAttachments, (link, attachment) => (Link: link, Attachment: attachment)).ToArray();
        var held = attached.Length == 0 ? [] : WithPrivilege(KernelObjects.ReadXdpLinks) ?? [];
        return [.. attached.Select(found => Describe(found.Link, found.Attachment, held))];
    }

    static XdpProgram Describe(NetworkLink link, XdpAttachment attachment, IReadOnlyList<XdpLinkInfo> held)
    {
        var info = WithPrivilege<ProgramInfo?>(() => KernelObjects.ReadProgram(attachment.ProgramId));
        var holder = held.FirstOrDefault(one => one.ProgramId == attachment.ProgramId && one.InterfaceIndex == link.Index);
        return new XdpProgram
        {
            Interface = link.Name,
            InterfaceIndex = link.Index,
            Mode = attachment.Mode,
            Id = attachment.ProgramId,
            Name = info?.Name,
            Tag = info?.Tag,
            LoadTime = info is { } known ? SinceBoot(known.LoadTime) : null,
            LinkId = holder.Id == 0 ? null : holder.Id,
        };
    }

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
}

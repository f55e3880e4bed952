using System.Diagnostics;
using System.Globalization;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Bpf;

/// <summary>
/// Taking an interface over from a foreign program, guarded by the program that was seen there: if it is another one by the time, nothing
/// happens. Needs CAP_SYS_ADMIN to look at the foreign program.
/// </summary>
static class XdpTakeover
{
    /// <summary>Takes the interface over.</summary>
    /// <param name="program">The program that is to run there.</param>
    /// <param name="link">The interface, with the foreign program as it was seen.</param>
    /// <param name="way">What becomes of the foreign program; not <see cref="ForeignProgram.Keep"/>.</param>
    /// <param name="mode">Where the program is to run; left to choose, where the foreign one does.</param>
    /// <param name="agreed">The id of the program that the user agreed to replace; <see langword="null"/> for the one that was seen.</param>
    /// <param name="notices">Where to say what that means.</param>
    /// <param name="takesFragments">Whether the program takes packets in several buffers.</param>
    /// <exception cref="CustomProtoException">It isn't possible; the message says what is attached now.</exception>
    internal static (AttachedProgram Attachment, XdpMode Mode) Take(
        BpfProgram program, NetworkLink link, ForeignProgram way, AttachMode mode, uint? agreed, List<string> notices, bool takesFragments = true)
    {
        if (link.XdpAttachments is not [var held])
        {
            throw new CustomProtoException(
                FailureKind.Busy, "SeveralPrograms", $"Cannot take over '{link.Name}': it has programs in several modes.", $"Detach them one by one: ip link set dev {link.Name} xdpgeneric off.", link.Name);
        }

        if (agreed is { } expected && expected != held.ProgramId)
        {
            throw Changed(link, expected);
        }

        var runs = mode == AttachMode.Auto ? held.Mode : XdpAttach.ModeOf(mode);
        if (way == ForeignProgram.Exchange && runs != held.Mode)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "ModeDiffers",
                $"Cannot exchange the program on '{link.Name}' without a gap: it runs in {Text(held.Mode)} mode, and {Text(runs)} mode is asked for.",
                "Leave out -Mode, or -NoGap.",
                link.Name);
        }

        using var foreign = KernelObjects.OpenProgram(held.ProgramId);
        var name = KernelObjects.ReadProgram(foreign, link.Name).Name;
        var foreignLink = KernelObjects.OpenXdpLink(held.ProgramId, link.Index);
        var attachment = way == ForeignProgram.Exchange
            ? Exchange(program, link, held, foreign, foreignLink, name, notices, takesFragments)
            : Replace(program, link, held, runs, foreign, foreignLink, name, notices, takesFragments);

        // Displaced, it gets no packets any more: what is pinned of ours would stay for ever, and what this process has until it ends.
        PinFolder.Remove(held.ProgramId);
        ProcessPrograms.Close(held.ProgramId);
        return (attachment, runs);
    }

    static AttachedProgram Exchange(
        BpfProgram program, NetworkLink link, XdpAttachment held, FileDescriptor foreign, FileDescriptor? foreignLink, string name, List<string> notices, bool takesFragments)
    {
        int errno;
        string? words = null;
        if (foreignLink is not null)
        {
            var exchanged = new XdpLink(foreignLink);
            errno = exchanged.TryExchange(foreign, program);
            if (errno == 0)
            {
                notices.Add($"The program took the place of '{name}' (id {held.ProgramId}) in its BPF link without a gap: it ends when this process and the link's owner have both ended.");
                return exchanged;
            }

            exchanged.Dispose();
        }
        else
        {
            using var there = new NetlinkAttachment(link.Index, XdpAttach.Flags(held.Mode), foreign.Duplicate(name));
            errno = there.TryExchange(program.Descriptor, out words);
            if (errno == 0)
            {
                notices.Add($"The program took the place of '{name}' (id {held.ProgramId}) without a gap. It was attached through netlink, so it outlives this process: Unregister-XdpProgram -Interface {link.Name} ends it (from another shell, with -Force).");
                return new NetlinkAttachment(link.Index, XdpAttach.Flags(held.Mode), program.Descriptor.Duplicate(program.Name));
            }
        }

        throw errno is Errno.EEXIST or Errno.EPERM
            ? Changed(link, held.ProgramId)
            : Failures.Create(Operation.AttachXdp, errno, link.Name, Hint(link, errno, held.Mode, takesFragments, $"The program '{name}' (id {held.ProgramId}) is there as before."), detail: words);
    }

    static XdpLink Replace(
        BpfProgram program,
        NetworkLink link,
        XdpAttachment held,
        XdpMode mode,
        FileDescriptor foreign,
        FileDescriptor? foreignLink,
        string name,
        List<string> notices,
        bool takesFragments)
    {
        using var byLink = foreignLink is null ? null : new XdpLink(foreignLink);
        using var byNetlink = new NetlinkAttachment(link.Index, XdpAttach.Flags(held.Mode), foreign.Duplicate(name));
        var started = Stopwatch.GetTimestamp();
        if (byLink is not null)
        {
            byLink.Detach();
        }
        else if (byNetlink.TryDetach() is var refused and not 0)
        {
            throw refused == Errno.EEXIST ? Changed(link, held.ProgramId) : Failures.Create(Operation.DetachXdp, refused, link.Name);
        }

        var errno = XdpLink.TryAttach(program, link.Index, XdpAttach.Flags(mode), out var attached);
        var gap = Stopwatch.GetElapsedTime(started);
        if (attached is not null)
        {
            notices.Add(string.Create(CultureInfo.InvariantCulture, $"'{name}' (id {held.ProgramId}) was detached. For at most {gap.TotalMilliseconds:0.###} ms packets on '{link.Name}' were seen by neither program; -NoGap avoids that."));
            return attached;
        }

        var isRestored = byNetlink.TryAttach() == 0;
        var words = isRestored && mode == held.Mode ? AskWhy(byNetlink, program, link, mode, foreign) : null;
        var fate = $"The program '{name}' (id {held.ProgramId}) had been detached for it. {(isRestored ? "It is attached again, through netlink." : "It could not be attached again.")}";
        throw Failures.Create(Operation.AttachXdp, errno, link.Name, Hint(link, errno, mode, takesFragments, fate), detail: words);
    }

    /// <summary>
    /// The kernel's words for refusing a program, which a link doesn't carry but netlink does: by asking for the exchange that was refused
    /// just now. Should it succeed, it is taken back.
    /// </summary>
    static string? AskWhy(NetlinkAttachment foreignAttachment, BpfProgram program, NetworkLink link, XdpMode mode, FileDescriptor foreign)
    {
        if (foreignAttachment.TryExchange(program.Descriptor, out var words) == 0)
        {
            using var exchanged = new NetlinkAttachment(link.Index, XdpAttach.Flags(mode), program.Descriptor.Duplicate(program.Name));
            _ = exchanged.TryExchange(foreign, out _);
        }

        return words;
    }

    static string Hint(NetworkLink link, int errno, XdpMode mode, bool takesFragments, string fate) =>
        XdpAttach.Remedy(link, errno, mode, takesFragments) is { } remedy ? $"{fate} {remedy}" : fate;

    static string Text(XdpMode mode) => mode.ToString().ToLowerInvariant();

    /// <summary>The failure for a program that is no longer the one that was seen.</summary>
    internal static CustomProtoException Changed(NetworkLink link, uint expected) => new(
        FailureKind.Busy,
        "ForeignProgramChanged",
        $"The program with id {expected} was to leave '{link.Name}', but it isn't the one that is attached there by now.",
        $"Look again with Get-XdpProgram -Interface {link.Name}.",
        link.Name);
}

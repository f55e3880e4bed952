using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Bpf;

/// <summary>Attaching to an interface: the choice of the mode, and the words when it isn't possible.</summary>
static class XdpAttach
{
    const int EthernetMtu = 1500;

    /// <summary>Attaches a program in the mode that is asked for.</summary>
    /// <param name="program">The program.</param>
    /// <param name="link">The interface.</param>
    /// <param name="mode">Where to run.</param>
    /// <param name="notices">Where to say that it runs elsewhere than hoped.</param>
    /// <param name="takesFragments">Whether the program takes packets in several buffers, which large packets need.</param>
    /// <returns>The attachment and the mode it has.</returns>
    /// <exception cref="CustomProtoException">It isn't possible; the message says why.</exception>
    internal static (XdpLink Link, XdpMode Mode) Attach(BpfProgram program, NetworkLink link, AttachMode mode, List<string> notices, bool takesFragments = true)
    {
        var runs = ModeOf(mode);
        var (attached, errno, words) = Try(program, link, runs, falls: mode == AttachMode.Auto);
        if (attached is null && mode == AttachMode.Auto && LeavesGeneric(errno))
        {
            var notice = $"'{link.Name}' runs the program in generic mode, which is slower: {WhyNotNative(link, errno, takesFragments)}{Quote(words)}";
            runs = XdpMode.Generic;
            (attached, errno, words) = Try(program, link, runs, falls: false);
            if (attached is not null)
            {
                notices.Add(notice);
            }
        }

        return attached is not null
            ? (attached, runs)
            : throw Failures.Create(Operation.AttachXdp, errno, link.Name, Holder(link, errno) ?? Remedy(link, errno, runs, takesFragments), detail: words);
    }

    /// <summary>Where a program runs first that is to be attached in a mode.</summary>
    internal static XdpMode ModeOf(AttachMode mode) => mode switch
    {
        AttachMode.Generic => XdpMode.Generic,
        AttachMode.Offload => XdpMode.Offload,
        _ => XdpMode.Native,
    };

    /// <summary>The flag of a mode.</summary>
    internal static XdpFlags Flags(XdpMode mode) => mode switch
    {
        XdpMode.Native => XdpFlags.DriverMode,
        XdpMode.Generic => XdpFlags.SkbMode,
        _ => XdpFlags.HardwareMode,
    };

    /// <summary>Attaches, and where that fails for a reason that the error number leaves open, asks the kernel for its words.</summary>
    /// <param name="program">The program.</param>
    /// <param name="link">The interface.</param>
    /// <param name="mode">Where to run.</param>
    /// <param name="falls">Whether another mode is tried next, so that what is known about the driver has to do: asking takes time.</param>
    static (XdpLink? Link, int Errno, string? Words) Try(BpfProgram program, NetworkLink link, XdpMode mode, bool falls)
    {
        string? words = null;
        var errno = XdpLink.TryAttach(program, link.Index, Flags(mode), out var attached);
        if (attached is null && errno is not (Errno.EPERM or Errno.EACCES or Errno.ENODEV) && Holder(link, errno) is null && !(falls && HasNoNativeMode(link, errno)))
        {
            words = XdpRefusal.Ask(program, link.Index, Flags(mode), ref errno, out attached);
        }

        return (attached, errno, words);
    }

    /// <summary>Whether a failure in native mode says nothing about generic mode.</summary>
    static bool LeavesGeneric(int errno) => errno is Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ERANGE or Errno.ENOTSUPP or Errno.ENOSPC;

    static bool HasNoNativeMode(NetworkLink link, int errno) =>
        errno is Errno.EOPNOTSUPP or Errno.ENOTSUPP && (link.IsLoopback || XdpCapabilities.Read(link.Index) is XdpFeatures.None);

    static string Quote(string? words) => words is null ? "" : $" The kernel says: {words.TrimEnd(' ', '.')}.";

    static string WhyNotNative(NetworkLink link, int errno, bool takesFragments) => errno switch
    {
        Errno.EOPNOTSUPP or Errno.ENOTSUPP when !MergesPackets(link) => link.IsLoopback ? "the loopback device has no native mode." : "its driver has no native mode.",
        Errno.ERANGE when takesFragments => $"an MTU of {MtuOf(link)} is too large for native mode; {LowerMtu(link)}.",
        Errno.ERANGE => $"its driver takes only a program for fragments with an MTU of {MtuOf(link)}: declare it SEC(\"xdp.frags\"), or {LowerMtu(link)}.",
        Errno.ENOSPC => $"it has too few queues for native mode; ethtool -l {link.Name} shows them.",
        _ when MergesPackets(link) => $"large receive offload is on, which native mode doesn't go with; ethtool -K {link.Name} lro off.",
        _ => $"its driver refused native mode ({Errno.Name(errno)}).",
    };

    static string LowerMtu(NetworkLink link) =>
        link.Kind == "veth" ? "lower the MTU of its veth peer (ip link set dev PEER mtu 1500)" : $"lower the MTU (ip link set dev {link.Name} mtu 1500)";

    /// <summary>Advice for causes that the error number doesn't tell alone.</summary>
    /// <param name="link">The interface.</param>
    /// <param name="errno">The error number.</param>
    /// <param name="mode">The mode that was tried last.</param>
    /// <param name="takesFragments">Whether the program takes packets in several buffers.</param>
    internal static string? Remedy(NetworkLink link, int errno, XdpMode mode, bool takesFragments) => errno switch
    {
        Errno.ERANGE when !takesFragments =>
            $"With an MTU of {MtuOf(link)} the driver takes only a program for fragments: declare it SEC(\"xdp.frags\"), {LowerMtu(link)}, or use -Mode Generic.",
        Errno.EINVAL when !takesFragments && link.Mtu > EthernetMtu && mode != XdpMode.Generic =>
            $"With an MTU of {link.Mtu} bytes the driver may take only a program for fragments: declare it SEC(\"xdp.frags\"), {LowerMtu(link)}, or use -Mode Generic.",
        Errno.EINVAL or Errno.EOPNOTSUPP when mode == XdpMode.Native && MergesPackets(link) =>
            $"Large receive offload is on, which merges packets before XDP could see them: ethtool -K {link.Name} lro off, or use -Mode Generic.",
        Errno.EEXIST => $"The other program is on an interface above '{link.Name}', such as a bridge or a bond, or was here a moment ago; Get-XdpProgram lists them.",
        _ => null,
    };

    static bool MergesPackets(NetworkLink link) => OffloadFeatures.Read(link.Index)?.Contains(OffloadFeatures.LargeReceive) == true;

    /// <summary>The driver of a veth pair goes by the other end's MTU, which may be in another network namespace.</summary>
    static string MtuOf(NetworkLink link) => link.Kind == "veth" && link.Mtu <= EthernetMtu ? "its veth peer's size" : $"{link.Mtu} bytes";

    /// <summary>Advice that names the program that holds the interface.</summary>
    static string? Holder(NetworkLink link, int errno)
    {
        if (errno is not (Errno.EBUSY or Errno.EEXIST) || !NetworkLinks.TryGet(link.Index, out var now) || now.XdpAttachments.Count == 0)
        {
            return null;
        }

        var held = now.XdpAttachments[0];
        var who = Describe(held.ProgramId, link.Index);
        var what = ProcessPrograms.Have(held.ProgramId)
            ? $"this process registered it, so Unregister-XdpProgram -Interface {link.Name} detaches it, and Register-XdpProgram -Force replaces it."
            : $"run Unregister-XdpProgram -Interface {link.Name} -Force, or Register-XdpProgram -Force.";
        return $"{who} is attached there in {held.Mode.ToString().ToLowerInvariant()} mode; {what}";
    }

    static string Describe(uint program, int interfaceIndex)
    {
        try
        {
            var name = KernelObjects.ReadProgram(program).Name;
            var byLink = KernelObjects.ReadXdpLinks().Any(link => link.ProgramId == program && link.InterfaceIndex == interfaceIndex);
            return $"Program '{name}' (id {program}, attached {(byLink ? "by a BPF link" : "through netlink")})";
        }
        catch (NativeException failure) when (failure.Kind is FailureKind.PermissionDenied or FailureKind.Gone)
        {
            // Names are for CAP_SYS_ADMIN only; the id is for everyone.
            return $"The program with id {program}";
        }
    }
}

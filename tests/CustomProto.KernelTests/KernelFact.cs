using CustomProto.Native;

namespace CustomProto.KernelTests;

/// <summary>What a kernel test needs; each has a probe in <see cref="KernelProbe"/>.</summary>
[Flags]
public enum KernelNeed
{
    /// <summary>Private network namespaces, and so root; every kernel test needs them.</summary>
    Namespaces = 0,

    /// <summary>BPF links for XDP, ring buffers and the live-frames test run: Linux 5.18.</summary>
    Bpf = 1,

    /// <summary>A tracefs in which instances can be made.</summary>
    Tracefs = 2,

    /// <summary>A BPF file system to pin in.</summary>
    BpfFileSystem = 4,

    /// <summary>BPF links for tc: Linux 6.6.</summary>
    Tcx = 8,
}

/// <summary>A test on the real kernel. It is skipped, with the reason, where a probe fails, unless CUSTOMPROTO_REQUIRE_KERNEL=1.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute(KernelNeed needs = KernelNeed.Namespaces)
    {
        Needs = needs;
        Skip = KernelProbe.ReasonToSkip(needs)!;
    }

    public KernelNeed Needs { get; }
}

/// <summary>A kernel test with cases; see <see cref="KernelFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute(KernelNeed needs = KernelNeed.Namespaces)
    {
        Needs = needs;
        Skip = KernelProbe.ReasonToSkip(needs)!;
    }

    public KernelNeed Needs { get; }
}

/// <summary>Finds out once what this kernel and this process can do.</summary>
static class KernelProbe
{
    static readonly Lazy<string?> s_namespaces = new(ProbeNamespaces);

    /// <summary>Why tests with these needs can't run here, or <see langword="null"/> if they can or must.</summary>
    internal static string? ReasonToSkip(KernelNeed needs)
    {
        if (Environment.GetEnvironmentVariable("CUSTOMPROTO_REQUIRE_KERNEL") == "1")
        {
            return null;
        }

        if (s_namespaces.Value is { } reason)
        {
            return reason;
        }

        var kernel = Environment.OSVersion.Version;
        return needs switch
        {
            _ when needs.HasFlag(KernelNeed.Bpf) && kernel < new Version(5, 18) => $"probe Bpf: Linux {kernel} is older than 5.18",
            _ when needs.HasFlag(KernelNeed.Tcx) && kernel < new Version(6, 6) => $"probe Tcx: Linux {kernel} is older than 6.6",
            _ when needs.HasFlag(KernelNeed.Tracefs) && !Directory.Exists("/sys/kernel/tracing/instances")
                => "probe Tracefs: /sys/kernel/tracing isn't mounted",
            _ when needs.HasFlag(KernelNeed.BpfFileSystem) && !IsBpfFileSystemMounted() => "probe BpfFileSystem: /sys/fs/bpf isn't mounted",
            _ => null,
        };
    }

    static string? ProbeNamespaces()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "probe Namespaces: not root";
        }

        // On a thread of its own: a thread that has moved into a namespace is of no use for anything else.
        string? reason = null;
        var thread = new Thread(() =>
        {
            if (Libc.Unshare(Libc.CLONE_NEWNET) < 0)
            {
                reason = "probe Namespaces: unshare(CLONE_NEWNET) is refused";
            }
        });
        thread.Start();
        thread.Join();
        return reason ?? (File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip") || File.Exists("/usr/bin/ip")
            ? null
            : "probe Namespaces: the command ip (iproute2) isn't installed");
    }

    static bool IsBpfFileSystemMounted()
    {
        foreach (var line in File.ReadLines("/proc/self/mounts"))
        {
            if (line.Split(' ') is [_, "/sys/fs/bpf", "bpf", ..])
            {
                return true;
            }
        }

        return false;
    }
}

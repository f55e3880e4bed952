using System.Runtime.InteropServices;

namespace CustomProto.Programs;

/// <summary>What the kernel can do, from what it says of itself.</summary>
static class KernelSupport
{
    static readonly Version s_needed = new(5, 18);

    internal static IEnumerable<(string Name, Func<string, SupportRow> Check)> Checks(KernelTypes types) =>
    [
        ("Kernel", Release),
        ("Architecture", Architecture),
        ("BTF", name => types.IsThere
            ? SupportRow.Supported(name, $"The kernel tells its types in {KernelTypes.Path}.")
            : SupportRow.Warning(name, "The kernel doesn't tell its types (CONFIG_DEBUG_INFO_BTF): programs that look into kernel structures can't be loaded; CustomProto's can.", null)),
        ("JIT", Jit),
        ("Ring buffers", name => Feature(name, types.Has("bpf_ringbuf"), new Version(5, 8), "Messages come to readers through them")),
        ("Live frames", name => Feature(name, types.Has("xdp_test_data"), new Version(5, 18), "The in-kernel sender needs them")),
        ("Fragmented frames", name => Feature(name, types.Has("xdp_frags_size"), new Version(5, 18), "Jumbo frames need them (xdp.frags)")),
        ("tc links", name => Feature(name, types.Has("tcx_entry"), new Version(6, 6), "tc programs end with their process by them, however it ends")),
        ("Unprivileged BPF", Unprivileged),
        ("Lockdown", Lockdown),
    ];

    /// <summary>The version numbers that a release such as <c>6.1.0-28-amd64</c> begins with.</summary>
    internal static Version ParseRelease(string release)
    {
        var numbers = release.Split('.', '-', '+').TakeWhile(part => int.TryParse(part, out _)).Take(2).Select(int.Parse).ToArray();
        return numbers is [var major, var minor] ? new Version(major, minor) : throw new FormatException($"'{release}' isn't a kernel release.");
    }

    static Version RunningVersion() => ParseRelease(ReadLine("/proc/sys/kernel/osrelease"));

    static SupportRow Release(string name)
    {
        var release = ReadLine("/proc/sys/kernel/osrelease");
        return ParseRelease(release) >= s_needed
            ? SupportRow.Supported(name, $"Linux {release}.")
            : SupportRow.Unsupported(name, $"Linux {release} is older than {s_needed}.", $"Boot Linux {s_needed} or later.");
    }

    static SupportRow Architecture(string name) => RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64 or System.Runtime.InteropServices.Architecture.Arm64
        ? SupportRow.Supported(name, $"{RuntimeInformation.ProcessArchitecture}.")
        : SupportRow.Unknown(name, $"Nobody has tried {RuntimeInformation.ProcessArchitecture}; x86-64 and arm64 are made for.");

    static SupportRow Jit(string name)
    {
        const string File = "/proc/sys/net/core/bpf_jit_enable";
        const string Hidden = "Whether BPF programs become machine code can be seen by root in the first network namespace only.";
        try
        {
            return ReadLine(File) == "0"
                ? SupportRow.Warning(name, "BPF programs are interpreted, which is several times slower.", "sysctl -w net.core.bpf_jit_enable=1")
                : SupportRow.Supported(name, "BPF programs become machine code.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return SupportRow.Unknown(name, Hidden);
        }
    }

    static SupportRow Feature(string name, bool? isBuiltIn, Version since, string purpose)
    {
        if (isBuiltIn ?? RunningVersion() >= since)
        {
            return SupportRow.Supported(name, $"{purpose}; this kernel has them.");
        }

        return SupportRow.Unsupported(name, $"{purpose}; this kernel doesn't have them.", $"Boot Linux {since} or later.");
    }

    static SupportRow Unprivileged(string name) => ReadLine("/proc/sys/kernel/unprivileged_bpf_disabled") switch
    {
        "0" => SupportRow.Warning(
            name, "Every user may load some kinds of BPF programs, which is how the kernel has been attacked; CustomProto doesn't need it.", "sysctl -w kernel.unprivileged_bpf_disabled=2"),
        var value => SupportRow.Supported(name, $"Only processes with CAP_BPF load programs (kernel.unprivileged_bpf_disabled = {value})."),
    };

    static SupportRow Lockdown(string name)
    {
        const string Modes = "/sys/kernel/security/lockdown";
        if (!File.Exists(Modes))
        {
            return Directory.Exists("/sys/kernel/security") && Directory.EnumerateFileSystemEntries("/sys/kernel/security").Any()
                ? SupportRow.Supported(name, "The kernel isn't locked down.")
                : SupportRow.Unknown(name, "securityfs isn't mounted here; a locked-down kernel refuses bpf_printk and tracefs.");
        }

        return ParseLockdown(ReadLine(Modes)) switch
        {
            "confidentiality" => SupportRow.Warning(name, "The kernel is locked down (confidentiality): Get-XdpTrace and -Trace are refused.", "Boot with lockdown=integrity to trace."),
            var mode => SupportRow.Supported(name, $"Lockdown is '{mode}', which forbids nothing that CustomProto does."),
        };
    }

    /// <summary>The mode in brackets: <c>none [integrity] confidentiality</c>.</summary>
    internal static string ParseLockdown(string modes) => modes.Split(' ').FirstOrDefault(mode => mode.StartsWith('['), "[none]").Trim('[', ']');

    static string ReadLine(string file) => File.ReadAllText(file).Trim();
}

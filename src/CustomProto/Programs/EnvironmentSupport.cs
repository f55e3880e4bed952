using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Programs;

/// <summary>What surrounds the process: file systems, the library, a container.</summary>
static class EnvironmentSupport
{
    internal static IEnumerable<(string Name, Func<string, SupportRow> Check)> Checks =>
    [
        ("libbpf", Library),
        ("bpffs", BpfMount),
        ("tracefs", TraceMount),
        ("Container", Container),
    ];

    static SupportRow Library(string name)
    {
        try
        {
            return SupportRow.Supported(name, $"libbpf {Marshal.PtrToStringUTF8(Libbpf.libbpf_version_string())?.TrimStart('v')}.");
        }
        catch (CustomProtoException missing)
        {
            return SupportRow.Unsupported(name, missing.Message.Replace($" {missing.Hint}", "", StringComparison.Ordinal), missing.Hint);
        }
    }

    static SupportRow BpfMount(string name) => MountPoints.Find("bpf", BpfFileSystem.Root) == BpfFileSystem.Root
        ? SupportRow.Supported(name, $"Mounted on {BpfFileSystem.Root}: -Persist can pin.")
        : SupportRow.Unsupported(
            name, $"Not mounted on {BpfFileSystem.Root}: -Persist can't pin.", $"mount -t bpf bpf {BpfFileSystem.Root}; inside 'ip netns exec' it is hidden, 'nsenter --net=' keeps it.");

    static SupportRow TraceMount(string name)
    {
        if (MountPoints.Find("tracefs", MountPoints.Tracefs) is not { } place)
        {
            return SupportRow.Unsupported(
                name, "Not mounted: Get-XdpTrace has nothing to read.", $"mount -t tracefs tracefs {MountPoints.Tracefs}; inside 'ip netns exec' it is hidden, 'nsenter --net=' keeps it.");
        }

        try
        {
            return Directory.Exists(Path.Combine(place, "events", "bpf_trace")) || Directory.EnumerateFileSystemEntries(place).Any()
                ? SupportRow.Supported(name, $"Mounted on {place}: Get-XdpTrace can read.")
                : SupportRow.Unsupported(name, $"Mounted on {place}, and empty.", "The kernel is locked down, or the container keeps tracefs from this process.");
        }
        catch (UnauthorizedAccessException)
        {
            return SupportRow.Unsupported(name, $"Mounted on {place}, and closed to this user: Get-XdpTrace can't read.", "Run as root (sudo pwsh).");
        }
    }

    /// <summary>Nothing says for certain; these are the usual traces.</summary>
    static SupportRow Container(string name)
    {
        var signs = new List<string>();
        signs.AddRange(((string[])["/.dockerenv", "/run/.containerenv", "/run/systemd/container"]).Where(File.Exists).Select(file => $"{file} exists"));
        if (Environment.GetEnvironmentVariable("container") is { Length: > 0 } runtime)
        {
            signs.Add($"the environment says container={runtime}");
        }

        if (File.ReadAllText("/proc/self/uid_map").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"])
        {
            signs.Add("user ids are mapped, so capabilities don't count for the machine's BPF");
        }

        if (File.ReadLines("/proc/self/status").Any(line => line.StartsWith("Seccomp:", StringComparison.Ordinal) && line.EndsWith('2')))
        {
            signs.Add("a seccomp filter is on, which may forbid bpf(2)");
        }

        return signs.Count == 0
            ? SupportRow.Supported(name, "No sign of one.")
            : SupportRow.Warning(
                name,
                $"This looks like one: {string.Join("; ", signs)}.",
                "It needs --cap-add=BPF,NET_ADMIN,NET_RAW,PERFMON, for -Persist the mount /sys/fs/bpf, and for Get-XdpTrace /sys/kernel/tracing.");
    }
}

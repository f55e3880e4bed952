namespace CustomProto.Bpf;

/// <summary>Where kernel file systems are mounted, in the calling thread's mount namespace.</summary>
static class MountPoints
{
    /// <summary>Where tracefs belongs by convention.</summary>
    internal const string Tracefs = "/sys/kernel/tracing";

    /// <summary>The place where a file system of a kind is mounted: the usual one if it is among them, or nothing.</summary>
    internal static string? Find(string kind, string usual)
    {
        string? found = null;
        foreach (var line in File.ReadLines("/proc/thread-self/mounts"))
        {
            if (line.Split(' ') is [_, var place, var type, ..] && type == kind && (found is null || place == usual))
            {
                found = place;
            }
        }

        return found;
    }
}

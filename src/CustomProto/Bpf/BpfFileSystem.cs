using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>Pins: names in the BPF file system that keep objects alive without a process (bpf(2), BPF_OBJ_PIN and BPF_OBJ_GET).</summary>
static class BpfFileSystem
{
    /// <summary>Where the file system is mounted, by convention.</summary>
    internal const string Root = "/sys/fs/bpf";

    /// <summary>Makes sure that it is mounted.</summary>
    /// <exception cref="CustomProtoException">It isn't (<see cref="FailureKind.NotInstalled"/>).</exception>
    internal static void RequireMounted()
    {
        // The last that was mounted there covers those before.
        if (File.ReadLines("/proc/thread-self/mounts").Select(line => line.Split(' ')).LastOrDefault(mount => mount is [_, Root, ..]) is not [_, _, "bpf", ..])
        {
            throw new CustomProtoException(
                FailureKind.NotInstalled,
                "BpfFileSystemNotMounted",
                $"Nothing can be pinned: the BPF file system isn't mounted on {Root}.",
                $"Mount it (mount -t bpf bpf {Root}), or leave out -Persist. Inside 'ip netns exec' it is hidden; 'nsenter --net=' keeps it.",
                Root);
        }
    }

    /// <summary>Pins an object.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static void Pin(FileDescriptor descriptor, string path)
    {
        var result = Libbpf.bpf_obj_pin(descriptor, path);
        if (result < 0)
        {
            throw Failures.Create(Operation.Pin, result, path);
        }
    }

    /// <summary>Opens a pinned object.</summary>
    /// <exception cref="NativeException">There is none, or the caller may not.</exception>
    internal static FileDescriptor Open(string path)
    {
        var result = Libbpf.bpf_obj_get(path);
        return result < 0 ? throw Failures.Create(Operation.OpenPin, result, path) : new FileDescriptor(result);
    }
}

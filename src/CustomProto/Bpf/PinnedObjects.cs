using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>Which programs and links are pinned, and where: by opening every pin of the BPF file system.</summary>
static class PinnedObjects
{
    /// <summary>The paths of pinned programs and of pinned XDP links, by the program's id. Pins that may not be opened are left out.</summary>
    internal static Dictionary<uint, List<string>> FindPrograms()
    {
        var found = new Dictionary<uint, List<string>>();
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };
        foreach (var path in Directory.Exists(BpfFileSystem.Root) ? Directory.EnumerateFiles(BpfFileSystem.Root, "*", options) : [])
        {
            if (ProgramOf(path) is not 0 and var id)
            {
                if (!found.TryGetValue(id, out var paths))
                {
                    found[id] = paths = [];
                }

                paths.Add(path);
            }
        }

        return found;
    }

    static uint ProgramOf(string path)
    {
        try
        {
            using var pinned = BpfFileSystem.Open(path);
            using var descriptor = new BorrowedDescriptor(pinned);
            return File.ResolveLinkTarget($"/proc/thread-self/fd/{descriptor.Value}", returnFinalTarget: false)?.Name switch
            {
                "anon_inode:bpf-prog" => KernelObjects.ReadProgram(pinned, path).Id,
                "anon_inode:bpf_link" or "anon_inode:bpf-link" => KernelObjects.ReadXdpLink(pinned)?.ProgramId ?? 0,
                _ => 0,
            };
        }
        catch (Exception failure) when (failure is NativeException or IOException)
        {
            // Files that the kernel itself puts there, such as maps.debug, are no pins.
            return 0;
        }
    }
}

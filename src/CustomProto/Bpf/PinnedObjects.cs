using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>A pin of a program, or of a link by the program that it holds.</summary>
sealed record PinnedProgram(uint ProgramId, string Path);

/// <summary>Which programs and links are pinned, and where: by opening every pin of the BPF file system.</summary>
static class PinnedObjects
{
    /// <summary>The pinned programs and links. Pins that may not be opened are left out.</summary>
    internal static IReadOnlyList<PinnedProgram> FindPrograms()
    {
        var found = new List<PinnedProgram>();
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };
        foreach (var path in Directory.Exists(BpfFileSystem.Root) ? Directory.EnumerateFiles(BpfFileSystem.Root, "*", options) : [])
        {
            if (ProgramOf(path) is not 0 and var id)
            {
                found.Add(new PinnedProgram(id, path));
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
                "anon_inode:bpf_link" or "anon_inode:bpf-link" => KernelObjects.ReadXdpLink(pinned)?.ProgramId ?? KernelObjects.ReadTcxLink(pinned)?.ProgramId ?? 0,
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

using System.Globalization;
using System.Text;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>A process that holds a program or a link open.</summary>
readonly record struct ObjectHolder(int Process, uint ProgramId, uint LinkId);

/// <summary>
/// Which processes hold BPF programs and links, from <c>/proc/PID/fd</c> and <c>fdinfo</c> (proc(5)). Processes of other users are seen by
/// root only.
/// </summary>
static unsafe class ObjectHolders
{
    const int MaxPath = 64;

    /// <summary>Looks at every process that may be looked at.</summary>
    internal static IReadOnlyList<ObjectHolder> Find()
    {
        var holders = new List<ObjectHolder>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
            {
                FindIn(process, folder, holders);
            }
        }

        return holders;
    }

    static void FindIn(int process, string folder, List<ObjectHolder> holders)
    {
        try
        {
            foreach (var descriptor in Directory.EnumerateFileSystemEntries($"{folder}/fd"))
            {
                if (IsBpf(descriptor))
                {
                    var info = File.ReadAllText($"{folder}/fdinfo/{Path.GetFileName(descriptor)}");
                    holders.Add(new ObjectHolder(process, Number(info, "prog_id:"), Number(info, "link_id:")));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It ended in the meantime, or belongs to somebody else.
        }
    }

    /// <summary>Whether a descriptor is a program or a link; thousands are asked, so without a string for each.</summary>
    static bool IsBpf(string path)
    {
        var name = stackalloc byte[MaxPath];
        var target = stackalloc byte[MaxPath];
        if (!Encoding.ASCII.TryGetBytes(path, new Span<byte>(name, MaxPath - 1), out var length))
        {
            return false;
        }

        name[length] = 0;
        var size = Libc.ReadLink(name, target, MaxPath);
        return size > 0 && new ReadOnlySpan<byte>(target, (int)size) is var text && (text.SequenceEqual("anon_inode:bpf-prog"u8) || text.SequenceEqual("anon_inode:bpf_link"u8) || text.SequenceEqual("anon_inode:bpf-link"u8));
    }

    static uint Number(string info, string key)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                return uint.Parse(line[key.Length..].Trim(), CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}

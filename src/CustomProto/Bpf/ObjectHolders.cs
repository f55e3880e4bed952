using System.Buffers.Text;
using System.Globalization;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>A process that holds a program or a link open.</summary>
/// <param name="Process">The process.</param>
/// <param name="Descriptor">Its descriptor.</param>
/// <param name="ProgramId">The program, or the link's.</param>
/// <param name="LinkId">The link; 0 for a program.</param>
sealed record ObjectHolder(int Process, int Descriptor, uint ProgramId, uint LinkId)
{
    /// <summary>Whether it is this process.</summary>
    internal bool IsThisProcess => Process == Environment.ProcessId;
}

/// <summary>
/// Which processes hold BPF programs and links, from <c>/proc/PID/fd</c> and <c>fdinfo</c> (proc(5)). Processes of other users are seen by
/// root only.
/// </summary>
static class ObjectHolders
{
    /// <summary>Longer than <c>/proc/PID/fd</c> and than the names of what is looked for.</summary>
    const int MaxPath = 64;

    /// <summary>Looks at every process that may be looked at.</summary>
    internal static IReadOnlyList<ObjectHolder> Find()
    {
        var holders = new List<ObjectHolder>();
        using var processes = DirectoryStream.Open("/proc\0"u8);
        while (!processes.IsInvalid && processes.Next(out var name))
        {
            if (Utf8Parser.TryParse(name, out int process, out var length) && length == name.Length)
            {
                FindIn(process, holders);
            }
        }

        return holders;
    }

    /// <summary>Looks at this process only.</summary>
    internal static IReadOnlyList<ObjectHolder> FindOwn()
    {
        var holders = new List<ObjectHolder>();
        FindIn(Environment.ProcessId, holders);
        return holders;
    }

    static void FindIn(int process, List<ObjectHolder> holders)
    {
        Span<byte> path = stackalloc byte[MaxPath];
        "/proc/"u8.CopyTo(path);
        Utf8Formatter.TryFormat(process, path["/proc/"u8.Length..], out var digits);
        "/fd\0"u8.CopyTo(path[("/proc/"u8.Length + digits)..]);
        using var descriptors = DirectoryStream.Open(path);
        while (!descriptors.IsInvalid && descriptors.Next(out var name))
        {
            if (IsBpf(descriptors, name) && Utf8Parser.TryParse(name, out int descriptor, out _))
            {
                Add(process, descriptor, holders);
            }
        }
    }

    static void Add(int process, int descriptor, List<ObjectHolder> holders)
    {
        try
        {
            var info = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fdinfo/{descriptor}"));
            holders.Add(new ObjectHolder(process, descriptor, Number(info, "prog_id:"), Number(info, "link_id:")));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It ended in the meantime, or belongs to somebody else.
        }
    }

    static bool IsBpf(DirectoryStream descriptors, ReadOnlySpan<byte> name)
    {
        Span<byte> target = stackalloc byte[MaxPath];
        return descriptors.ReadLink(name, target) is > 0 and var size && target[..size] is var text
            && (text.SequenceEqual("anon_inode:bpf-prog"u8) || text.SequenceEqual("anon_inode:bpf_link"u8) || text.SequenceEqual("anon_inode:bpf-link"u8));
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

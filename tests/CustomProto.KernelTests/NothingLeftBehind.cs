namespace CustomProto.KernelTests;

/// <summary>
/// Compares the namespaces, BPF objects and event descriptors that this process holds before the first kernel test and after the
/// last one; anything more is a leak and fails the run.
/// </summary>
public sealed class NothingLeftBehind : IDisposable
{
    static readonly string[] s_kinds = ["net:[", "anon_inode:bpf", "anon_inode:[eventfd]", "anon_inode:[perf_event]"];

    readonly List<string> _before = Held();

    public void Dispose()
    {
        var left = Held();
        foreach (var target in _before)
        {
            left.Remove(target);
        }

        Assert.True(left.Count == 0, $"The tests left descriptors open: {string.Join(", ", left)}");
    }

    /// <summary>What the descriptors of interest point at; sorted out by kind because the runtime opens others as it likes.</summary>
    static List<string> Held()
    {
        var held = new List<string>();
        foreach (var path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            try
            {
                if (File.ResolveLinkTarget(path, returnFinalTarget: false)?.ToString() is { } target
                    && System.IO.Path.GetFileName(target) is var name
                    && Array.Exists(s_kinds, kind => name.StartsWith(kind, StringComparison.Ordinal)))
                {
                    held.Add(name);
                }
            }
            catch (IOException)
            {
                // Closed since the listing, as the descriptor of the listing itself.
            }
        }

        return held;
    }
}

namespace CustomProto.Bpf;

/// <summary>The programs of every kind that this process has registered.</summary>
abstract class ProcessPrograms
{
    static readonly Lock s_lock = new();
    static readonly List<ProcessPrograms> s_kinds = [];

    private protected ProcessPrograms()
    {
        lock (s_lock)
        {
            s_kinds.Add(this);
        }
    }

    /// <summary>Whether a program is one of them.</summary>
    internal static bool Have(uint programId) => Kinds.Any(kind => kind.Holds(programId));

    /// <summary>Closes the program with an id, if it is one of them and nobody reads from it: who does gets what there is, and then the reason.</summary>
    internal static void Close(uint programId)
    {
        foreach (var kind in Kinds)
        {
            kind.CloseOne(programId);
        }
    }

    static ProcessPrograms[] Kinds
    {
        get
        {
            lock (s_lock)
            {
                return [.. s_kinds];
            }
        }
    }

    private protected abstract bool Holds(uint programId);

    private protected abstract void CloseOne(uint programId);
}

/// <summary>
/// The programs of one kind that this process has registered: attachments are the kernel's, so every shell and runspace of a process
/// shares them. Safe to use from several threads.
/// </summary>
/// <typeparam name="T">The kind; one that is closed removes itself.</typeparam>
/// <param name="programId">Tells the kernel's id of a program.</param>
/// <param name="isRead">Tells whether somebody reads from a program, where that can be.</param>
sealed class ProcessPrograms<T>(Func<T, uint> programId, Func<T, bool>? isRead = null) : ProcessPrograms
    where T : class, IDisposable
{
    readonly Lock _lock = new();
    readonly List<T> _programs = [];

    /// <summary>Those that are registered now.</summary>
    internal IReadOnlyList<T> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _programs];
            }
        }
    }

    /// <summary>The one whose program has an id; if there is none, the one that <paramref name="adopt"/> finds, which then is registered.</summary>
    internal T? Find(uint id, Func<uint, T?>? adopt = null)
    {
        lock (_lock)
        {
            var program = _programs.Find(program => programId(program) == id);
            if (program is null && adopt?.Invoke(id) is { } adopted)
            {
                _programs.Add(program = adopted);
            }

            return program;
        }
    }

    internal void Add(T program)
    {
        lock (_lock)
        {
            _programs.Add(program);
        }
    }

    internal void Remove(T program)
    {
        lock (_lock)
        {
            _programs.Remove(program);
        }
    }

    internal void CloseAll()
    {
        foreach (var program in All)
        {
            program.Dispose();
        }
    }

    private protected override bool Holds(uint id) => Find(id) is not null;

    private protected override void CloseOne(uint id)
    {
        if (Find(id) is { } program && isRead?.Invoke(program) != true)
        {
            program.Dispose();
        }
    }
}

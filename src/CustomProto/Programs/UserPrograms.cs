using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>The users' programs that this process attached: attachments are the kernel's, so every shell and runspace of a process shares them.</summary>
public static class UserPrograms
{
    internal const string PinKind = "user";

    static readonly Lock s_lock = new();
    static readonly List<UserProgram> s_programs = [];

    /// <summary>The programs that are registered now.</summary>
    public static IReadOnlyList<UserProgram> All
    {
        get
        {
            lock (s_lock)
            {
                return [.. s_programs];
            }
        }
    }

    /// <summary>The program with an id, if it is this process's.</summary>
    public static UserProgram? Find(uint programId)
    {
        lock (s_lock)
        {
            return s_programs.Find(program => program.ProgramId == programId);
        }
    }

    /// <summary>Whether a program is a persistent one that CustomProto pinned, from whatever process.</summary>
    public static bool IsPersistent(uint programId) => Directory.Exists(PinFolder.Of(PinKind, programId));

    /// <summary>Closes all programs of the process.</summary>
    public static void CloseAll()
    {
        foreach (var program in All)
        {
            program.Dispose();
        }
    }

    internal static void Add(UserProgram program)
    {
        lock (s_lock)
        {
            s_programs.Add(program);
        }
    }

    internal static void Remove(UserProgram program)
    {
        lock (s_lock)
        {
            s_programs.Remove(program);
        }
    }
}

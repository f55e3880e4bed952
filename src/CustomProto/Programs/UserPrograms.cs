using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>The users' programs that this process attached.</summary>
public static class UserPrograms
{
    internal const string PinKind = "user";

    static readonly ProcessPrograms<UserProgram> s_programs = new(program => program.ProgramId);

    /// <summary>The programs that are registered now.</summary>
    public static IReadOnlyList<UserProgram> All => s_programs.All;

    /// <summary>The program with an id, if it is this process's.</summary>
    public static UserProgram? Find(uint programId) => s_programs.Find(programId);

    /// <summary>Whether a program is a persistent one that CustomProto pinned, from whatever process.</summary>
    public static bool IsPersistent(uint programId) => Directory.Exists(PinFolder.Of(PinKind, programId));

    /// <summary>Closes all programs of the process.</summary>
    public static void CloseAll() => s_programs.CloseAll();

    internal static void Add(UserProgram program) => s_programs.Add(program);

    internal static void Remove(UserProgram program) => s_programs.Remove(program);
}

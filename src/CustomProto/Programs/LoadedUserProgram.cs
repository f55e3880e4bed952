using System.Diagnostics;
using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>
/// A program of a user's object file in the kernel, attached to nothing. Of the others in the file, only those are loaded that it jumps to.
/// </summary>
sealed class LoadedUserProgram : IDisposable
{
    readonly BpfMap[] _jumpTables;

    LoadedUserProgram(BpfProgram program, BpfMap[] jumpTables, IReadOnlyList<string> notices, TimeSpan loadTime)
    {
        Program = program;
        _jumpTables = jumpTables;
        Notices = notices;
        LoadTime = loadTime;
    }

    /// <summary>The program.</summary>
    internal BpfProgram Program { get; }

    /// <summary>What the user should know; one sentence or two each.</summary>
    internal IReadOnlyList<string> Notices { get; }

    /// <summary>How long it took.</summary>
    internal TimeSpan LoadTime { get; }

    /// <summary>Loads a program with its variables set.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="chosen">The program.</param>
    /// <param name="variables">Initial values by the variables' names.</param>
    /// <param name="isPrivate">
    /// Whether it gets maps of its own also where the file has them pinned by name: with those that are pinned it would change what other
    /// programs have, and with new ones it would leave pins behind.
    /// </param>
    /// <exception cref="CustomProtoException">The kernel refuses it, or a variable can't be set.</exception>
    internal static LoadedUserProgram Load(ObjectFile file, ObjectProgram chosen, IReadOnlyDictionary<string, object?> variables, bool isPrivate)
    {
        var started = Stopwatch.GetTimestamp();
        var notices = new List<string>();
        using var loading = BpfObject.Open(Path.GetFileNameWithoutExtension(file.Path), file.Contents.Bytes);
        VariableAssignment.Apply(file, loading.InitialValue, variables, notices);
        string[] needed = [chosen.Name, .. file.Contents.JumpTargets().Where(name => name != chosen.Name)];
        foreach (var program in file.Programs)
        {
            loading.SetAutoload(program.Name, needed.Contains(program.Name));
        }

        if (isPrivate)
        {
            loading.LeaveOutPins();
        }

        loading.Load(needed);
        return new LoadedUserProgram(loading.TakeProgram(chosen.Name), loading.TakeJumpTables(), notices, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Pins the program, and what has to outlive the process with it.</summary>
    /// <param name="folder">The folder for the pins.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string folder)
    {
        Program.Pin($"{folder}/program");
        foreach (var table in _jumpTables)
        {
            // Names of maps may have dots, which those of pins may not.
            table.Pin($"{folder}/jumps_{table.Name.Replace('.', '_')}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in _jumpTables)
        {
            table.Dispose();
        }

        Program.Dispose();
    }
}

using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>Which program of a user's object file goes where, and with which values.</summary>
public sealed record UserProgramOptions
{
    /// <summary>The interface's name, in the calling thread's network namespace.</summary>
    public required string Interface { get; init; }

    /// <summary>The object file.</summary>
    public required ObjectFile File { get; init; }

    /// <summary>The program's function; <see langword="null"/> for the only XDP program there is.</summary>
    public string? ProgramName { get; init; }

    /// <summary>
    /// Initial values by the name of a global variable or of a member of one (<c>config.port</c>): integers, booleans, names of enumerators,
    /// texts for arrays of characters, arrays, and dictionaries for structures.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    /// <summary>Where the program runs.</summary>
    public AttachMode Mode { get; init; }

    /// <summary>What becomes of an XDP program of somebody else that holds the interface.</summary>
    public ForeignProgram ForeignProgram { get; init; }

    /// <summary>
    /// The id of the foreign program that the user agreed to replace; another one stays. <see langword="null"/> takes the one that is there.
    /// </summary>
    public uint? ForeignProgramId { get; init; }

    /// <summary>Whether the program outlives the process: it and its link are pinned. Its maps live as long as it does.</summary>
    public bool Persist { get; init; }
}

namespace CustomProto.Programs;

/// <summary>
/// A program at XDP or at tc, ours or foreign, as it was when it was asked for. What only CAP_SYS_ADMIN may see is <see langword="null"/>
/// without it.
/// </summary>
public abstract record KernelProgram
{
    private protected KernelProgram()
    {
    }

    /// <summary>The interface's name; <see langword="null"/> for a program that is not attached in this network namespace.</summary>
    public string? Interface { get; init; }

    /// <summary>The interface's index; 0 for a program that is not attached in this network namespace.</summary>
    public int InterfaceIndex { get; init; }

    /// <summary>The kernel's id of the program.</summary>
    public required uint Id { get; init; }

    /// <summary>The name it was loaded with, at most 15 characters; of a filter of clsact without CAP_SYS_ADMIN, the filter's.</summary>
    public string? Name { get; init; }

    /// <summary>The hash of its instructions.</summary>
    public string? Tag { get; init; }

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset? LoadTime { get; init; }

    /// <summary>What ends its attachment.</summary>
    public ProgramLifetime Lifetime { get; init; }

    /// <summary>The id of the BPF link that holds it; <see langword="null"/> when none does.</summary>
    public uint? LinkId { get; init; }

    /// <summary>The processes that hold the program or its link; <see langword="null"/> when there is none or none can be seen.</summary>
    public IReadOnlyList<OwnerProcess>? Owners { get; init; }

    /// <summary>Where the program or its link is pinned; <see langword="null"/> when it isn't.</summary>
    public string? PinnedPath { get; init; }

    /// <summary>The ids of the maps it uses.</summary>
    public IReadOnlyList<uint>? MapIds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Name is null ? $"id {Id}" : $"{Name} (id {Id})")}{(Interface is null ? "" : $" on {Interface}")}";
}

using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>An XDP program attached to an interface, ours or foreign, as it was when it was asked for.</summary>
public sealed record XdpProgram
{
    /// <summary>The interface's name.</summary>
    public required string Interface { get; init; }

    /// <summary>The interface's index.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>Where it runs.</summary>
    public required XdpMode Mode { get; init; }

    /// <summary>The kernel's id of the program.</summary>
    public required uint Id { get; init; }

    /// <summary>The name it was loaded with, at most 15 characters; <see langword="null"/> without CAP_SYS_ADMIN.</summary>
    public string? Name { get; init; }

    /// <summary>The hash of its instructions; <see langword="null"/> without CAP_SYS_ADMIN.</summary>
    public string? Tag { get; init; }

    /// <summary>When it was loaded; <see langword="null"/> without CAP_SYS_ADMIN.</summary>
    public DateTimeOffset? LoadTime { get; init; }

    /// <summary>The id of the BPF link that holds it; <see langword="null"/> when it was attached through netlink, or without CAP_SYS_ADMIN.</summary>
    public uint? LinkId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name ?? "program"} (id {Id}) on {Interface}";
}

namespace CustomProto.Programs;

/// <summary>A program in an object file.</summary>
public sealed record ObjectProgram
{
    /// <summary>The name of its function.</summary>
    public required string Name { get; init; }

    /// <summary>Its section, which says what it is for: <c>SEC("xdp")</c>.</summary>
    public required string Section { get; init; }

    /// <summary>How many instructions it has, without the functions that it calls.</summary>
    public required int Instructions { get; init; }

    /// <summary>Whether it can be attached to an interface as an XDP program.</summary>
    public bool IsXdp => Purpose is "xdp" or "xdp.frags";

    /// <summary>Whether it takes packets in several buffers (jumbo frames).</summary>
    public bool TakesFragments => Purpose == "xdp.frags";

    /// <summary>A question mark means to libbpf: only when asked for.</summary>
    string Purpose => Section.TrimStart('?');

    /// <inheritdoc/>
    public override string ToString() => $"{Name} (SEC(\"{Section}\"))";
}

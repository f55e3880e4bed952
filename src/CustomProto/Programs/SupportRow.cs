namespace CustomProto.Programs;

/// <summary>Something that CustomProto needs or that a user would stumble over, and how it stands here.</summary>
public sealed record SupportRow
{
    /// <summary>What it is about; a short name that stays the same.</summary>
    public required string Name { get; init; }

    /// <summary>How it stands.</summary>
    public required SupportStatus Status { get; init; }

    /// <summary>What was found.</summary>
    public required string Detail { get; init; }

    /// <summary>What to do about it; <see langword="null"/> where there is nothing to do.</summary>
    public string? Advice { get; init; }

    /// <summary>The interface it holds for; <see langword="null"/> for the whole machine.</summary>
    public string? Interface { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Status}, {Detail}";

    internal static SupportRow Supported(string name, string detail, string? advice = null) =>
        new() { Name = name, Status = SupportStatus.Supported, Detail = detail, Advice = advice };

    internal static SupportRow Warning(string name, string detail, string? advice) =>
        new() { Name = name, Status = SupportStatus.Warning, Detail = detail, Advice = advice };

    internal static SupportRow Unsupported(string name, string detail, string? advice) =>
        new() { Name = name, Status = SupportStatus.Unsupported, Detail = detail, Advice = advice };

    internal static SupportRow Unknown(string name, string detail, string? advice = null) =>
        new() { Name = name, Status = SupportStatus.Unknown, Detail = detail, Advice = advice };
}

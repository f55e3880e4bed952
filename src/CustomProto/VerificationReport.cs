namespace CustomProto;

/// <summary>What is known of a program that the kernel's verifier accepted.</summary>
public sealed record VerificationReport
{
    /// <summary>The program's name.</summary>
    public required string Name { get; init; }

    /// <summary>The hash of its instructions.</summary>
    public required string Tag { get; init; }

    /// <summary>How many BPF instructions it has, after the verifier took out what the configuration makes superfluous.</summary>
    public required int Instructions { get; init; }

    /// <summary>How many instructions the verifier went through to prove it safe, of 1,000,000 at most; 0 before Linux 5.16.</summary>
    public required int VerifiedInstructions { get; init; }

    /// <summary>How many bytes of machine code it became; 0 where the kernel interprets it.</summary>
    public required int MachineCodeLength { get; init; }

    /// <summary>How long it took to make the maps, verify and load.</summary>
    public required TimeSpan LoadTime { get; init; }

    /// <summary>What the user should know about it; one sentence or two each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Name}, {Instructions} instructions";
}

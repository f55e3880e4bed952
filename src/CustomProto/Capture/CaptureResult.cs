namespace CustomProto.Capture;

/// <summary>What is in a capture file that was written.</summary>
public sealed record CaptureResult
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>How many packets are in it.</summary>
    public required long Packets { get; init; }

    /// <summary>How many messages were lost between them, which the file says too.</summary>
    public required long Lost { get; init; }

    /// <summary>The file's length in bytes.</summary>
    public required long Length { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}, {Packets} packets";
}

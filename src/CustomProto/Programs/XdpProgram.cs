using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>An XDP program.</summary>
public sealed record XdpProgram : KernelProgram
{
    /// <summary>Where it runs.</summary>
    public XdpMode Mode { get; init; }

    /// <summary>How often it ran while it was measured; <see langword="null"/> when that wasn't asked for.</summary>
    public long? RunCount { get; init; }

    /// <summary>Nanoseconds a run took on average while it was measured; <see langword="null"/> when that wasn't asked for, or it didn't run.</summary>
    public double? NanosecondsPerRun { get; init; }

    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}

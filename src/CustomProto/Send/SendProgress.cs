namespace CustomProto.Send;

/// <summary>How far a run has come.</summary>
/// <param name="Packets">How many packets of this run the kernel took so far.</param>
/// <param name="Elapsed">How long it has been going on.</param>
/// <param name="Remaining">How long it will still take at this rate; <see langword="null"/> where that has no end or can't be told.</param>
/// <param name="PercentComplete">How much of it is done, 0 to 100; <see langword="null"/> where it has no end.</param>
public readonly record struct SendProgress(long Packets, TimeSpan Elapsed, TimeSpan? Remaining, int? PercentComplete)
{
    /// <summary>Packets per second so far.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Packets / Elapsed.TotalSeconds : 0;
}

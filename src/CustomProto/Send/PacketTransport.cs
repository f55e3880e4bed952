namespace CustomProto.Send;

/// <summary>The way of packets to the kernel. For one thread at a time.</summary>
abstract class PacketTransport : IDisposable
{
    /// <summary>Which one it is.</summary>
    internal abstract Transport Kind { get; }

    /// <summary>The UDP port that packets come from.</summary>
    internal abstract int SourcePort { get; }

    /// <summary>Adds what the transport itself puts into each packet.</summary>
    /// <param name="payload">The UDP payload as it was given.</param>
    /// <returns>The payload that is sent.</returns>
    /// <exception cref="CustomProtoException">There is no place for it.</exception>
    internal virtual ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> payload) => payload;

    /// <summary>Hands packets with one payload to the kernel, waiting where it has no room.</summary>
    /// <param name="payload">The UDP payload, checked to fit.</param>
    /// <param name="run">How many packets, and when.</param>
    /// <param name="tally">Counts them; it tells how far it came when the run was cancelled or the kernel refused.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal abstract void Send(ReadOnlySpan<byte> payload, SendRun run, SendTally tally);

    /// <summary>Counts errors that came back since the last packet.</summary>
    internal virtual void CollectErrors(SendTally tally)
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

namespace CustomProto.Capture;

/// <summary>A capture file as it is read, from the beginning to the end: it knows where it is, and makes the failures that say so.</summary>
sealed class CaptureStream(Stream stream, string name) : IDisposable
{
    /// <summary>No block is longer: Wireshark's limit too.</summary>
    internal const int MaxBlockLength = 16 << 20;

    /// <summary>Where it is.</summary>
    internal long Offset { get; private set; }

    public void Dispose() => stream.Dispose();

    /// <summary>Reads what there is.</summary>
    /// <returns>How many bytes: fewer than wanted only at the end of the file.</returns>
    internal int ReadUpTo(Span<byte> bytes)
    {
        int read;
        try
        {
            read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(name, exception.Message, exception);
        }

        Offset += read;
        return read;
    }

    /// <summary>Reads the beginning of the next block.</summary>
    /// <returns>Whether there is one.</returns>
    internal bool TryRead(Span<byte> bytes)
    {
        var start = Offset;
        var read = ReadUpTo(bytes);
        return read == 0 ? false : read == bytes.Length ? true : throw Cut(start);
    }

    /// <summary>Reads bytes that have to be there.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="start">Where the block begins that they are part of.</param>
    internal void Read(Span<byte> bytes, long start)
    {
        if (ReadUpTo(bytes) < bytes.Length)
        {
            throw Cut(start);
        }
    }

    /// <summary>Looks that a block isn't longer than the file, where that can be known, before there is memory for it.</summary>
    internal void Require(int length, long start)
    {
        if (stream.CanSeek && stream.Length - stream.Position < length)
        {
            throw Cut(start);
        }
    }

    internal static CustomProtoException Unreadable(string name, string problem, Exception cause) => new(
        FailureKind.InvalidArgument,
        "CaptureUnreadable",
        $"Cannot read the capture '{name}': {problem.TrimEnd('.')}.",
        "Name a pcap or pcapng file that this user may read.",
        name,
        cause);

    internal CustomProtoException NotACapture(string what) => new(
        FailureKind.InvalidData,
        "NotACapture",
        $"'{name}' is not a capture file: {what}.",
        "Name a pcap or pcapng file, as tcpdump and Wireshark write them, and not compressed.",
        name);

    internal CustomProtoException Damaged(long start, string problem) => new(
        FailureKind.InvalidData,
        "CaptureDamaged",
        $"The capture '{name}' is damaged: the block at offset {start} {problem}.",
        "The whole frames before it were read; capture again, or copy the file again, if the others are needed.",
        name);

    internal CustomProtoException Unsupported(string problem, string hint) =>
        new(FailureKind.Unsupported, "CaptureUnsupported", $"The capture '{name}' can't be read: {problem}.", hint, name);

    CustomProtoException Cut(long start) => Damaged(start, "ends with the file before it is complete");
}

using CustomProto.Protocol;

namespace CustomProto.Capture;

/// <summary>A frame of a capture file.</summary>
public sealed record CapturedFrame
{
    /// <summary>Its place among the frames of the file, from 1 on, as Wireshark counts too.</summary>
    public required long Number { get; init; }

    /// <summary>When it was captured, in nanoseconds since 1970 (UTC); <see langword="null"/> where the file doesn't say.</summary>
    public long? UnixNanoseconds { get; init; }

    /// <summary>When it was captured (UTC), to the 100 nanoseconds that this type can tell; <see langword="null"/> where the file doesn't say.</summary>
    public DateTimeOffset? Timestamp => UnixNanoseconds is { } nanoseconds
        ? DateTimeOffset.UnixEpoch.AddTicks((long)Math.Floor((decimal)nanoseconds / TimeSpan.NanosecondsPerTick))
        : null;

    /// <summary>What was captured of it, from the Ethernet header on.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>How long it was on the network.</summary>
    public required int OriginalLength { get; init; }

    /// <summary>Which of the interfaces that its section of the file describes it is from, from 0 on; always 0 in classic files.</summary>
    public int InterfaceIndex { get; init; }

    /// <summary>The name of that interface; <see langword="null"/> where the file doesn't say.</summary>
    public string? Interface { get; init; }

    /// <summary>Which way it went; <see cref="PacketDirection.None"/> where the file doesn't say.</summary>
    public PacketDirection Direction { get; init; }

    /// <summary>How many packets of the interface were lost between this one and the one before it, as far as the file says.</summary>
    public long LostBefore { get; init; }

    /// <summary>Why the kernel program that saw it rejected it, where CustomProto wrote the file and says so.</summary>
    public RejectReason Reason { get; init; }

    /// <summary>Whether only its beginning was captured.</summary>
    public bool IsCut => Bytes.Length < OriginalLength;

    /// <inheritdoc/>
    public override string ToString() => IsCut ? $"Frame {Number}, {Bytes.Length} of {OriginalLength} bytes" : $"Frame {Number}, {Bytes.Length} bytes";
}

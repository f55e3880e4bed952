using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// A source of valid messages, as the kernel program knows it; or, without a <see cref="SourceAddress"/>, the sources that it had to forget
/// to make room for others. At rest the <see cref="Messages"/> of all rows together are exactly the program's valid messages.
/// </summary>
public sealed record CustomPeer
{
    /// <summary>The name of the interface that it sends to.</summary>
    public required string Interface { get; init; }

    /// <summary>The program's id.</summary>
    public required uint ProgramId { get; init; }

    /// <summary>The source's address; <see langword="null"/> for those that were evicted.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>How many valid messages came from it.</summary>
    public required long Messages { get; init; }

    /// <summary>How many bytes of data these had; <see langword="null"/> for those that were evicted.</summary>
    public long? Bytes { get; init; }

    /// <summary>How many of them the kernel answered; <see langword="null"/> for those that were evicted.</summary>
    public long? Answered { get; init; }

    /// <summary>When its first message was seen, since it was last evicted.</summary>
    public DateTimeOffset? FirstSeen { get; init; }

    /// <summary>When its last message was seen.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>When its first message was seen, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long? FirstMonotonicNanoseconds { get; init; }

    /// <summary>When its last message was seen, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long? LastMonotonicNanoseconds { get; init; }

    /// <summary>The UDP port that its last message came from.</summary>
    public int? LastPort { get; init; }

    /// <summary>The type of its last message.</summary>
    public MessageType? LastType { get; init; }

    /// <summary>The name of that type in the protocol.</summary>
    public string? LastTypeName { get; init; }

    /// <summary>How many bytes of data its last message had.</summary>
    public int? LastLength { get; init; }

    /// <summary>The first bytes of its last message's data, up to 16.</summary>
    public byte[] LastData { get; init; } = [];

    /// <summary><see cref="LastData"/> as UTF-8, with control characters made visible.</summary>
    public string LastText => VisibleText.Decode(LastData);

    /// <summary>
    /// How many times a source was evicted, in the row of those; 0 in all others. A source that comes again after that is counted again.
    /// </summary>
    public long Evicted { get; init; }
}

using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Programs;

/// <summary>A program at tc. The counters are <see langword="null"/> for what isn't ours.</summary>
public sealed record TcProgram : KernelProgram
{
    /// <summary>Which way the packets go that it sees.</summary>
    public required PacketDirection Direction { get; init; }

    /// <summary>How it is attached.</summary>
    public required TcMode Mode { get; init; }

    /// <summary>Which place it has among those of its interface, direction and mode: the first runs first.</summary>
    public required int Order { get; init; }

    /// <summary>What it does beside receiving, for one of ours: None, Encapsulate or Decapsulate.</summary>
    public string? Encapsulation { get; init; }

    /// <summary>Packets on the port that it judged.</summary>
    public long? Seen { get; init; }

    /// <summary>Valid messages.</summary>
    public long? Valid { get; init; }

    /// <summary>Of <see cref="Seen"/>, the datagrams that came merged with others into one packet.</summary>
    public long? Aggregated { get; init; }

    /// <summary>Datagrams on the port that were to get or lose the header: the sum of those below but <see cref="Told"/>.</summary>
    public long? Considered { get; init; }

    /// <summary>Datagrams that got the header.</summary>
    public long? Encapsulated { get; init; }

    /// <summary>Messages that lost the header.</summary>
    public long? Decapsulated { get; init; }

    /// <summary>Left as they were: messages already, or no messages.</summary>
    public long? Skipped { get; init; }

    /// <summary>Dropped: with the header they would be longer than the MTU allows.</summary>
    public long? TooBig { get; init; }

    /// <summary>Dropped: packets of several datagrams.</summary>
    public long? Gso { get; init; }

    /// <summary>First fragments: dropped on the way out, left as they were on the way in.</summary>
    public long? Fragment { get; init; }

    /// <summary>Dropped: the kernel had no memory.</summary>
    public long? Failed { get; init; }

    /// <summary>Of <see cref="TooBig"/>, those whose sender was told by ICMP.</summary>
    public long? Told { get; init; }

    /// <summary>Where it is attached.</summary>
    internal AttachPoint Point => Direction == PacketDirection.Egress ? AttachPoint.TcEgress : AttachPoint.TcIngress;

    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()}, {Direction.ToString().ToLowerInvariant()}";
}

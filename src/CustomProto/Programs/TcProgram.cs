using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Programs;

/// <summary>
/// A program at tc, ours or foreign, as it was when it was asked for. What only CAP_SYS_ADMIN may see is <see langword="null"/> without it,
/// and so are the counters of what isn't ours.
/// </summary>
public sealed record TcProgram : IKernelProgram
{
    /// <summary>The interface's name.</summary>
    public required string Interface { get; init; }

    /// <summary>The interface's index.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>Which way the packets go that it sees.</summary>
    public required PacketDirection Direction { get; init; }

    /// <summary>How it is attached.</summary>
    public required TcMode Mode { get; init; }

    /// <summary>Which place it has among those of its interface, direction and mode: the first runs first.</summary>
    public required int Order { get; init; }

    /// <summary>The kernel's id of the program.</summary>
    public required uint Id { get; init; }

    /// <summary>The name it was loaded with, at most 15 characters; of a filter without CAP_SYS_ADMIN, the filter's.</summary>
    public string? Name { get; init; }

    /// <summary>The hash of its instructions.</summary>
    public string? Tag { get; init; }

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset? LoadTime { get; init; }

    /// <summary>What ends its attachment.</summary>
    public ProgramLifetime Lifetime { get; init; }

    /// <summary>The id of the BPF link that holds it; <see langword="null"/> when none does.</summary>
    public uint? LinkId { get; init; }

    /// <summary>The processes that hold the program or its link; <see langword="null"/> when there is none or none can be seen.</summary>
    public IReadOnlyList<OwnerProcess>? Owners { get; init; }

    /// <summary>Where the program or its link is pinned; <see langword="null"/> when it isn't.</summary>
    public string? PinnedPath { get; init; }

    /// <summary>The ids of the maps it uses.</summary>
    public IReadOnlyList<uint>? MapIds { get; init; }

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
    public override string ToString() => $"{Name ?? "program"} (id {Id}) on {Interface}, {Direction.ToString().ToLowerInvariant()}";
}

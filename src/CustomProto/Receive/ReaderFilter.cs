using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// Which messages a reader gets: those for which everything that is set here holds. The kernel program judges; what is kept out is
/// counted as filtered and costs the reader nothing.
/// </summary>
public sealed record ReaderFilter
{
    /// <summary>How many source addresses, and how many ports of each kind, a filter can have.</summary>
    public const int MaxAlternatives = Limit.MaxFilterAddresses;

    /// <summary>How many bytes <see cref="DataPrefix"/> can have.</summary>
    public const int MaxDataPrefix = (Limit.MaxFilterWords * sizeof(ulong)) - ProtocolDefinition.MaxHeaderSize;

    /// <summary>The filter that keeps nothing out.</summary>
    public static ReaderFilter None { get; } = new();

    /// <summary>The types, one of which a message has; any when there are none.</summary>
    public IReadOnlyCollection<MessageType> Types { get; init; } = [];

    /// <summary>Where a message comes from: one of these; anywhere when there are none.</summary>
    public IReadOnlyList<AddressRange> SourceAddresses { get; init; } = [];

    /// <summary>The source ports, one of which a message has; any when there are none.</summary>
    public IReadOnlyList<int> SourcePorts { get; init; } = [];

    /// <summary>The destination ports, one of which a message has; any when there are none.</summary>
    public IReadOnlyList<int> DestinationPorts { get; init; } = [];

    /// <summary>What a message's data begins with.</summary>
    public ReadOnlyMemory<byte> DataPrefix { get; init; }

    /// <summary>Values that fields of the header have, by the field's name.</summary>
    public IReadOnlyDictionary<string, ulong> Fields { get; init; } = new Dictionary<string, ulong>();

    /// <summary>Of so many messages that meet the conditions the reader gets one, the first; 1 for all.</summary>
    public int Sample { get; init; } = 1;

    /// <summary>
    /// Whether the reader gets packets too that are no messages (<see cref="RejectedPacket"/>), as far as addresses and ports fit: the other
    /// conditions are for messages.
    /// </summary>
    public bool IncludeRejected { get; init; }
}

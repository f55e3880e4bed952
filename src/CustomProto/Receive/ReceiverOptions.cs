using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>What is to be registered, decided before the kernel is touched.</summary>
public sealed record ReceiverOptions
{
    /// <summary>The default size of a ring: 16 MiB, about 80,000 messages of 64 bytes.</summary>
    public const int DefaultRingSize = 16 << 20;

    /// <summary>The smallest ring: two records of the largest kind fit.</summary>
    public const int MinRingSize = 1 << 18;

    /// <summary>The largest ring: 1 GiB.</summary>
    public const int MaxRingSize = 1 << 30;

    /// <summary>How many sources a program keeps unless it is said.</summary>
    public const int DefaultPeerCapacity = 4096;

    /// <summary>How many sources a program keeps at most.</summary>
    public const int MaxPeerCapacity = 1 << 20;

    /// <summary>The interface's name, in the calling thread's network namespace.</summary>
    public required string Interface { get; init; }

    /// <summary>The protocol.</summary>
    public ProtocolDefinition Protocol { get; init; } = ProtocolDefinition.Default;

    /// <summary>The UDP ports, instead of the protocol's own; at most <see cref="ProtocolDefinition.MaxPorts"/>.</summary>
    public IReadOnlyList<int>? Ports { get; init; }

    /// <summary>Where on a packet's way the program sits.</summary>
    public AttachPoint AttachPoint { get; init; }

    /// <summary>Whether a program at tc adds the protocol's header to what leaves, or removes it from what arrives.</summary>
    public Encapsulation Encapsulation { get; init; }

    /// <summary>The type of the messages that <see cref="Encapsulation.Encapsulate"/> makes.</summary>
    public MessageType EncapsulatedType { get; init; } = MessageType.Request;

    /// <summary>Where an XDP program runs.</summary>
    public AttachMode Mode { get; init; }

    /// <summary>What becomes of valid messages.</summary>
    public MatchAction MatchAction { get; init; }

    /// <summary>Whether the program writes a line a packet to the kernel's trace; needs CAP_PERFMON.</summary>
    public bool Trace { get; init; }

    /// <summary>Whether packets with a wrong IPv4 or UDP checksum are rejected. On veth and virtio, local senders leave theirs unfinished.</summary>
    public bool VerifyChecksum { get; init; }

    /// <summary>
    /// Whether the program asks the driver when the card received each packet. Only at XDP, in native mode, and where the driver tells;
    /// packets that the card didn't stamp have the kernel's time, as all have without it.
    /// </summary>
    public bool HardwareTimestamp { get; init; }

    /// <summary>The size of the default reader's ring in bytes: a power of two.</summary>
    public int RingSize { get; init; } = DefaultRingSize;

    /// <summary>
    /// Names of readers that the program has beside the default one, as long as it lives; each has a ring of <see cref="RingSize"/>, which keeps
    /// the oldest messages until somebody reads.
    /// </summary>
    public IReadOnlyList<string> Readers { get; init; } = [];

    /// <summary>How many bytes of a message's data are recorded at most.</summary>
    public int SnapLength { get; init; } = ushort.MaxValue;

    /// <summary>
    /// For how many sources of messages sums are kept; the ones that were heard longest ago go first. 0 keeps none. A source takes about 160
    /// bytes of kernel memory, whether or not it is used. The kernel deals out free places by the CPU, so up to 128 for each may stay unused.
    /// </summary>
    public int PeerCapacity { get; init; } = DefaultPeerCapacity;

    /// <summary>How requests are answered in the kernel; <see langword="null"/> for not at all.</summary>
    public ResponderOptions? Responder { get; init; }

    /// <summary>What becomes of an XDP program of somebody else that holds the interface.</summary>
    public ForeignProgram ForeignProgram { get; init; }

    /// <summary>
    /// The id of the foreign program that the user agreed to replace; another one stays. <see langword="null"/> takes the one that is there.
    /// </summary>
    public uint? ForeignProgramId { get; init; }

    /// <summary>Whether the program outlives the process: it is pinned, and any process of the same version can take it up.</summary>
    public bool Persist { get; init; }

    /// <summary>Whether the kernel is treated as one that has no tcx.</summary>
    internal bool WithoutTcx { get; init; }
}

namespace CustomProto.Protocol;

/// <summary>Which way a packet went, seen from the host that recorded it.</summary>
public enum PacketDirection
{
    /// <summary>It wasn't on a network: a message made here.</summary>
    None,

    /// <summary>It arrived.</summary>
    Ingress,

    /// <summary>It was sent.</summary>
    Egress,
}

/// <summary>Where the wall-clock time of a message comes from.</summary>
public enum TimestampSource
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>CLOCK_TAI, read by the kernel program when it saw the packet.</summary>
    Tai,

    /// <summary>CLOCK_MONOTONIC, read by the kernel program; converted by the offset of the two clocks when the reader was opened.</summary>
    Monotonic,

    /// <summary>The system's clock, read by the network stack when a socket's datagram came in.</summary>
    Socket,

    /// <summary>The system's clock, read in user space: just before the packet was handed to the kernel, or just after it was taken.</summary>
    User,

    /// <summary>A capture file.</summary>
    Capture,

    /// <summary>The network card's clock, when it received the packet; it was within a second of the kernel's, as UTC or TAI.</summary>
    Hardware,
}

/// <summary>What is known of the packet that carried a message.</summary>
public readonly record struct PacketMetadata
{
    /// <summary>Nanoseconds of CLOCK_MONOTONIC when the kernel program saw the packet.</summary>
    public long MonotonicNanoseconds { get; init; }

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 where <see cref="TimestampSource"/> is none.</summary>
    public long UnixNanoseconds { get; init; }

    /// <summary>Where <see cref="UnixNanoseconds"/> comes from.</summary>
    public TimestampSource TimestampSource { get; init; }

    /// <summary>The network card's clock when it received the packet, in nanoseconds of whatever it counts from; 0 where it didn't tell.</summary>
    public long HardwareNanoseconds { get; init; }

    /// <summary>The name of the interface.</summary>
    public string? Interface { get; init; }

    /// <summary>The CPU that handled the packet.</summary>
    public int Cpu { get; init; }

    /// <summary>Which way the packet went.</summary>
    public PacketDirection Direction { get; init; }

    /// <summary>The sender's address.</summary>
    public InternetAddress Source { get; init; }

    /// <summary>The receiver's address.</summary>
    public InternetAddress Destination { get; init; }

    /// <summary>The sender's UDP port.</summary>
    public ushort SourcePort { get; init; }

    /// <summary>The receiver's UDP port.</summary>
    public ushort DestinationPort { get; init; }

    /// <summary>The sender's link-layer address.</summary>
    public MacAddress SourceMac { get; init; }

    /// <summary>The receiver's link-layer address.</summary>
    public MacAddress DestinationMac { get; init; }

    /// <summary>How many VLAN tags the frame had: 0, 1 or 2.</summary>
    public int VlanCount { get; init; }

    /// <summary>The VLAN id of the outer tag.</summary>
    public ushort OuterVlanId { get; init; }

    /// <summary>The VLAN id of the inner tag.</summary>
    public ushort InnerVlanId { get; init; }

    /// <summary>What the program that saw it returned, for capture files.</summary>
    internal PacketVerdict Verdict { get; init; }

    /// <summary>The time as an object of the base library, in local time; the smallest value where there is none.</summary>
    internal DateTimeOffset Timestamp => TimestampSource == TimestampSource.None
        ? DateTimeOffset.MinValue
        : DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / TimeSpan.NanosecondsPerTick).ToLocalTime();

    /// <summary>The VLAN ids, outer first; empty without tags.</summary>
    internal int[] VlanId => VlanCount switch
    {
        0 => [],
        1 => [OuterVlanId],
        _ => [OuterVlanId, InnerVlanId],
    };
}

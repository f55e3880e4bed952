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
    readonly PacketNumbers _numbers;
    readonly PacketTimes _times;

    /// <summary>Puts it together again.</summary>
    internal PacketMetadata(string? interfaceName, in PacketNumbers numbers, in PacketTimes times) =>
        (Interface, _numbers, _times) = (interfaceName, numbers, times);

    /// <summary>Nanoseconds of CLOCK_MONOTONIC when the kernel program saw the packet.</summary>
    public long MonotonicNanoseconds
    {
        get => _times.MonotonicNanoseconds;
        init => _times.MonotonicNanoseconds = value;
    }

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 where <see cref="TimestampSource"/> is none.</summary>
    public long UnixNanoseconds
    {
        get => _times.UnixNanoseconds;
        init => _times.UnixNanoseconds = value;
    }

    /// <summary>Where <see cref="UnixNanoseconds"/> comes from.</summary>
    public TimestampSource TimestampSource
    {
        get => _times.Source;
        init => _times.Source = value;
    }

    /// <summary>The network card's clock when it received the packet, in nanoseconds of whatever it counts from; 0 where it didn't tell.</summary>
    public long HardwareNanoseconds
    {
        get => _times.HardwareNanoseconds;
        init => _times.HardwareNanoseconds = value;
    }

    /// <summary>The name of the interface.</summary>
    public string? Interface { get; init; }

    /// <summary>The CPU that handled the packet.</summary>
    public int Cpu
    {
        get => _numbers.Cpu;
        init => _numbers.Cpu = value;
    }

    /// <summary>Which way the packet went.</summary>
    public PacketDirection Direction
    {
        get => _numbers.Direction;
        init => _numbers.Direction = value;
    }

    /// <summary>The sender's address.</summary>
    public InternetAddress Source
    {
        get => _numbers.Source;
        init => _numbers.Source = value;
    }

    /// <summary>The receiver's address.</summary>
    public InternetAddress Destination
    {
        get => _numbers.Destination;
        init => _numbers.Destination = value;
    }

    /// <summary>The sender's UDP port.</summary>
    public ushort SourcePort
    {
        get => _numbers.SourcePort;
        init => _numbers.SourcePort = value;
    }

    /// <summary>The receiver's UDP port.</summary>
    public ushort DestinationPort
    {
        get => _numbers.DestinationPort;
        init => _numbers.DestinationPort = value;
    }

    /// <summary>The sender's link-layer address.</summary>
    public MacAddress SourceMac
    {
        get => _numbers.SourceMac;
        init => _numbers.SourceMac = value;
    }

    /// <summary>The receiver's link-layer address.</summary>
    public MacAddress DestinationMac
    {
        get => _numbers.DestinationMac;
        init => _numbers.DestinationMac = value;
    }

    /// <summary>How many VLAN tags the frame had: 0, 1 or 2.</summary>
    public int VlanCount
    {
        get => _numbers.VlanCount;
        init => _numbers.VlanCount = value;
    }

    /// <summary>The VLAN id of the outer tag.</summary>
    public ushort OuterVlanId
    {
        get => _numbers.OuterVlanId;
        init => _numbers.OuterVlanId = value;
    }

    /// <summary>The VLAN id of the inner tag.</summary>
    public ushort InnerVlanId
    {
        get => _numbers.InnerVlanId;
        init => _numbers.InnerVlanId = value;
    }

    /// <summary>What the program that saw it returned, for capture files.</summary>
    internal PacketVerdict Verdict
    {
        get => _numbers.Verdict;
        init => _numbers.Verdict = value;
    }

    /// <summary>All of it but the times.</summary>
    internal PacketEnvelope Envelope => new(Interface, _numbers);

    /// <summary>The times.</summary>
    internal PacketTimes Times => _times;

    /// <inheritdoc cref="PacketTimes.Timestamp"/>
    internal DateTimeOffset Timestamp => _times.Timestamp;

    /// <inheritdoc cref="PacketNumbers.VlanId"/>
    internal int[] VlanId => _numbers.VlanId;
}

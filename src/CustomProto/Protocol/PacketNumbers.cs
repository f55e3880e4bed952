namespace CustomProto.Protocol;

/// <summary>
/// What is known of a packet, without references, so that copying it costs little; and no larger than what comes from the kernel, as every
/// message holds one. What the members mean says <see cref="PacketMetadata"/>.
/// </summary>
record struct PacketNumbers
{
    ulong _sourceHigh;
    ulong _sourceLow;
    ulong _destinationHigh;
    ulong _destinationLow;
    bool _isSourceIPv6;
    bool _isDestinationIPv6;
    byte _timestampSource;
    byte _direction;
    byte _vlanCount;

    internal long MonotonicNanoseconds { get; set; }

    internal long UnixNanoseconds { get; set; }

    internal long HardwareNanoseconds { get; set; }

    internal MacAddress SourceMac { get; set; }

    internal MacAddress DestinationMac { get; set; }

    internal int Cpu { get; set; }

    internal ushort SourcePort { get; set; }

    internal ushort DestinationPort { get; set; }

    internal ushort OuterVlanId { get; set; }

    internal ushort InnerVlanId { get; set; }

    internal PacketVerdict Verdict { get; set; }

    internal TimestampSource TimestampSource
    {
        readonly get => (TimestampSource)_timestampSource;
        set => _timestampSource = (byte)value;
    }

    internal PacketDirection Direction
    {
        readonly get => (PacketDirection)_direction;
        set => _direction = (byte)value;
    }

    internal int VlanCount
    {
        readonly get => _vlanCount;
        set => _vlanCount = (byte)value;
    }

    // An address object has a flag beside its 16 bytes, and takes 32 with it.
    internal InternetAddress Source
    {
        readonly get => new(new UInt128(_sourceHigh, _sourceLow), _isSourceIPv6);
        set => (_sourceHigh, _sourceLow, _isSourceIPv6) = ((ulong)(value.Bits >> 64), (ulong)value.Bits, value.IsIPv6);
    }

    internal InternetAddress Destination
    {
        readonly get => new(new UInt128(_destinationHigh, _destinationLow), _isDestinationIPv6);
        set => (_destinationHigh, _destinationLow, _isDestinationIPv6) = ((ulong)(value.Bits >> 64), (ulong)value.Bits, value.IsIPv6);
    }

    /// <summary>The time as an object of the base library, in local time; the smallest value where there is none.</summary>
    internal readonly DateTimeOffset Timestamp => TimestampSource == TimestampSource.None
        ? DateTimeOffset.MinValue
        : DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / TimeSpan.NanosecondsPerTick).ToLocalTime();

    /// <summary>The VLAN ids, outer first; empty without tags.</summary>
    internal readonly int[] VlanId => VlanCount switch
    {
        0 => [],
        1 => [OuterVlanId],
        _ => [OuterVlanId, InnerVlanId],
    };
}

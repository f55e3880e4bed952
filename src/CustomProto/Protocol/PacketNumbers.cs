namespace CustomProto.Protocol;

/// <summary>
/// What is known of a packet beside its times, without references, so that copying it costs little. What the members mean says
/// <see cref="PacketMetadata"/>.
/// </summary>
record struct PacketNumbers
{
    ulong _sourceHigh;
    ulong _sourceLow;
    ulong _destinationHigh;
    ulong _destinationLow;
    bool _isSourceIPv6;
    bool _isDestinationIPv6;
    byte _direction;
    byte _vlanCount;

    internal MacAddress SourceMac { get; set; }

    internal MacAddress DestinationMac { get; set; }

    internal int Cpu { get; set; }

    internal ushort SourcePort { get; set; }

    internal ushort DestinationPort { get; set; }

    internal ushort OuterVlanId { get; set; }

    internal ushort InnerVlanId { get; set; }

    internal PacketVerdict Verdict { get; set; }

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

    /// <summary>The VLAN ids, outer first; empty without tags.</summary>
    internal readonly int[] VlanId => VlanCount switch
    {
        0 => [],
        1 => [OuterVlanId],
        _ => [OuterVlanId, InnerVlanId],
    };
}

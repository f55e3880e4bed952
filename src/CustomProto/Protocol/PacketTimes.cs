namespace CustomProto.Protocol;

/// <summary>When a packet was seen. What the members mean says <see cref="PacketMetadata"/>.</summary>
record struct PacketTimes
{
    byte _source;

    internal long MonotonicNanoseconds { get; set; }

    internal long UnixNanoseconds { get; set; }

    internal long HardwareNanoseconds { get; set; }

    internal TimestampSource Source
    {
        readonly get => (TimestampSource)_source;
        set => _source = (byte)value;
    }

    /// <summary>The time as an object of the base library, in local time; the smallest value where there is none.</summary>
    internal readonly DateTimeOffset Timestamp => Source == TimestampSource.None
        ? DateTimeOffset.MinValue
        : DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / TimeSpan.NanosecondsPerTick).ToLocalTime();
}

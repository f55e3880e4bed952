using CustomProto.Native;

namespace CustomProto.Receive;

/// <summary>From the kernel program's clocks to the system's, by what they differ now.</summary>
readonly struct WallClock
{
    const long NanosecondsPerSecond = 1_000_000_000;
    const long NanosecondsPerTick = 100;

    /// <summary>How far a card's clock may be from the kernel's to be taken for one that tells the time; TAI and UTC are further apart.</summary>
    const long MaxHardwareDifference = NanosecondsPerSecond;

    readonly long _taiOffset;
    readonly long _monotonicOffset;

    internal WallClock(long taiOffset, long monotonicOffset)
    {
        _taiOffset = taiOffset;
        _monotonicOffset = monotonicOffset;
    }

    /// <summary>Reads the clocks.</summary>
    internal static WallClock Read()
    {
        // CLOCK_TAI is ahead of CLOCK_REALTIME by whole seconds; what the two readings differ by beyond that is the time between them.
        var realtime = Libc.ReadClock(Libc.CLOCK_REALTIME);
        return new WallClock(
            (long)Math.Round((Libc.ReadClock(Libc.CLOCK_TAI) - realtime) / (double)NanosecondsPerSecond) * NanosecondsPerSecond,
            realtime - Libc.ReadClock(Libc.CLOCK_MONOTONIC));
    }

    /// <summary>Nanoseconds since 1970.</summary>
    /// <param name="monotonic">Nanoseconds of CLOCK_MONOTONIC.</param>
    /// <param name="tai">Nanoseconds of CLOCK_TAI, which holds even if the system's clock was set since; 0 where it isn't known.</param>
    internal long ToUnixNanoseconds(ulong monotonic, ulong tai) => tai != 0 ? (long)tai - _taiOffset : (long)monotonic + _monotonicOffset;

    /// <summary>
    /// Nanoseconds since 1970 by the card's clock, which runs by UTC, by TAI, or since the card was started, and doesn't say which: it is believed
    /// where it is within a second of the kernel's time as the one or the other.
    /// </summary>
    /// <param name="hardware">The card's clock in nanoseconds; 0 where it doesn't tell.</param>
    /// <param name="unix">The kernel's time of the same packet, in nanoseconds since 1970.</param>
    /// <returns><see langword="null"/> where the card's clock doesn't tell the time.</returns>
    internal long? FromHardware(ulong hardware, long unix)
    {
        if (hardware is 0 or > long.MaxValue)
        {
            return null;
        }

        var utc = (long)hardware;
        var tai = utc - _taiOffset;
        return IsNear(utc, unix) ? utc : IsNear(tai, unix) ? tai : null;
    }

    /// <inheritdoc cref="ToUnixNanoseconds"/>
    internal DateTimeOffset ToTime(ulong monotonic, ulong tai) =>
        DateTimeOffset.UnixEpoch.AddTicks(ToUnixNanoseconds(monotonic, tai) / NanosecondsPerTick);

    static bool IsNear(long time, long unix) => time - unix is >= -MaxHardwareDifference and <= MaxHardwareDifference;
}

using CustomProto.Native;

namespace CustomProto.Receive;

/// <summary>From the kernel program's clocks to the system's, by what they differ now.</summary>
readonly struct WallClock
{
    const long NanosecondsPerSecond = 1_000_000_000;
    const long NanosecondsPerTick = 100;

    readonly long _taiOffset;
    readonly long _monotonicOffset;

    WallClock(long taiOffset, long monotonicOffset)
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

    /// <inheritdoc cref="ToUnixNanoseconds"/>
    internal DateTimeOffset ToTime(ulong monotonic, ulong tai) =>
        DateTimeOffset.UnixEpoch.AddTicks(ToUnixNanoseconds(monotonic, tai) / NanosecondsPerTick);
}

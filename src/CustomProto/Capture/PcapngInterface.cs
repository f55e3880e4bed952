namespace CustomProto.Capture;

/// <summary>What a section of a pcapng file says of an interface.</summary>
/// <param name="LinkType">What its frames begin with.</param>
/// <param name="SnapLength">How much of a frame was captured at most; 0 for all.</param>
/// <param name="Resolution">The unit of its times: a negative power of ten, or of two with the highest bit.</param>
/// <param name="OffsetSeconds">What its times are relative to.</param>
readonly record struct PcapngInterface(int LinkType, uint SnapLength, byte Resolution, long OffsetSeconds)
{
    const byte PowerOfTwo = 0x80;
    const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The most digits that a 64-bit number of units has: in finer units it is less than a nanosecond.</summary>
    const int MaxDigits = 20;

    /// <summary>Its name, where the file says.</summary>
    internal string? Name { get; init; }

    /// <summary>A time in nanoseconds since 1970; <see langword="null"/> where that is beyond what 64 bits hold, in the years 1677 and 2262.</summary>
    internal long? Nanoseconds(ulong units)
    {
        var exponent = Resolution & ~PowerOfTwo;
        var nanoseconds = (Resolution & PowerOfTwo) != 0
            ? ((UInt128)units * (ulong)NanosecondsPerSecond) >> exponent
            : exponent <= 9 ? units * PowerOfTen(9 - exponent) : exponent - 9 > MaxDigits ? 0 : units / PowerOfTen(exponent - 9);
        var total = (Int128)nanoseconds + ((Int128)OffsetSeconds * NanosecondsPerSecond);
        return total >= long.MinValue && total <= long.MaxValue ? (long)total : null;
    }

    static UInt128 PowerOfTen(int exponent)
    {
        UInt128 power = 1;
        for (; exponent > 0; exponent--)
        {
            power *= 10;
        }

        return power;
    }
}

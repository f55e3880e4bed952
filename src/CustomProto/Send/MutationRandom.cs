namespace CustomProto.Send;

/// <summary>
/// The numbers behind mutations: SplitMix64 (Steele, Lea, Flood, 2014), which is the same on every machine and in every version of .NET,
/// as System.Random isn't promised to be.
/// </summary>
struct MutationRandom(long seed)
{
    ulong _state = unchecked((ulong)seed);

    /// <summary>The next 64 bits.</summary>
    internal ulong Next()
    {
        unchecked
        {
            var mixed = _state += 0x9e3779b97f4a7c15;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>A number from 0 up to, not including, <paramref name="limit"/>, which is at least 1.</summary>
    internal int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    internal int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>One of several.</summary>
    internal T Pick<T>(ReadOnlySpan<T> several) => several[Below(several.Length)];
}

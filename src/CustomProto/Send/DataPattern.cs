namespace CustomProto.Send;

/// <summary>What made-up data look like.</summary>
public enum DataPattern
{
    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>0, 1, 2 and so on, after 255 from 0 again.</summary>
    Increment,

    /// <summary>Random bytes, others each time.</summary>
    Random,
}

/// <summary>Makes data up.</summary>
public static class DataPatterns
{
    /// <summary>Makes data of a length.</summary>
    /// <param name="pattern">What they look like.</param>
    /// <param name="length">Their length in bytes.</param>
    public static byte[] Make(DataPattern pattern, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var data = new byte[length];
        switch (pattern)
        {
            case DataPattern.Zero:
                break;
            case DataPattern.Increment:
                for (var i = 0; i < length; i++)
                {
                    data[i] = unchecked((byte)i);
                }

                break;
            case DataPattern.Random:
                Random.Shared.NextBytes(data);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(pattern), pattern, null);
        }

        return data;
    }
}

namespace CustomProto.Receive;

/// <summary>How requests are answered in the kernel.</summary>
/// <remarks>
/// A limit of N is a bucket of N tokens that fills within a second: N answers at once, and in any T seconds at most N × (T + 1). Limits per
/// source are kept with the peers (<see cref="ReceiverOptions.PeerCapacity"/>): a source that was evicted since begins with a full bucket,
/// which the limit of all answers together bounds.
/// </remarks>
public sealed record ResponderOptions
{
    /// <summary>The default of <see cref="Limit"/>.</summary>
    public const int DefaultLimit = 1000;

    /// <summary>The default of <see cref="TotalLimit"/>.</summary>
    public const int DefaultTotalLimit = 100_000;

    /// <summary>The highest limit.</summary>
    public const int MaxLimit = 1_000_000_000;

    /// <summary>How many bytes of data a fixed response has at most.</summary>
    public const int MaxDataLength = Abi.Limit.MaxResponse;

    /// <summary>
    /// Which types are answered, and with which; <see langword="null"/> for the protocol's Request, with its Response. A type that answers
    /// can't be answered itself.
    /// </summary>
    public IReadOnlyDictionary<byte, byte>? Types { get; init; }

    /// <summary>The data of every response, at most <see cref="MaxDataLength"/> bytes; <see langword="null"/> for the request's own.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>Whether a response may be longer than its request; otherwise the request isn't answered.</summary>
    public bool MayBeLonger { get; init; }

    /// <summary>How many answers a second one source gets; 0 for any number.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>How many answers a second there are in all; 0 for any number.</summary>
    public int TotalLimit { get; init; } = DefaultTotalLimit;
}

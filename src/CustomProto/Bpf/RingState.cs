namespace CustomProto.Bpf;

/// <summary>What a ring has for its reader.</summary>
enum RingState
{
    /// <summary>Nothing, not even a record being written.</summary>
    Empty,

    /// <summary>A record that is being written.</summary>
    Busy,

    /// <summary>A record, or something that reading will complain of.</summary>
    Ready,
}

namespace CustomProto.Protocol;

/// <summary>What some bytes are to the protocol: the same that the kernel program would say of them.</summary>
public readonly record struct DecodedPacket
{
    /// <summary>
    /// Whether they are on one of the protocol's ports, and so a message or rejected for a reason. What isn't is none of the protocol's
    /// business.
    /// </summary>
    public bool Seen { get; init; }

    /// <summary>Whether they are a fragment after the first, which carries no port.</summary>
    public bool IsLaterFragment { get; init; }

    /// <summary>Why they aren't a valid message: the first reason that applies.</summary>
    public RejectReason Reason { get; init; }

    /// <summary>The message; <see langword="null"/> where there is none.</summary>
    public CustomMessage? Message { get; init; }
}

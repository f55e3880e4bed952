namespace CustomProto.Exchange;

/// <summary>How a request of a <see cref="ConnectionTest"/> ended.</summary>
public enum ConnectionStatus
{
    /// <summary>Its response came in time.</summary>
    Answered,

    /// <summary>Nothing came in time that is its response.</summary>
    TimedOut,

    /// <summary>Nothing came in time, and ICMP says that the host or the port can't be reached.</summary>
    Unreachable,

    /// <summary>It couldn't be sent, or its responses couldn't be received any more.</summary>
    Failed,
}

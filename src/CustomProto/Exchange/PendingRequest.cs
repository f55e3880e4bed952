using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>A request that has no outcome yet, and what came instead of its response so far.</summary>
/// <param name="Destination">The destination as it was given.</param>
/// <param name="Target">The way there.</param>
/// <param name="Message">The request as it was given.</param>
sealed record PendingRequest(IPAddress Destination, RequestTarget Target, CustomMessage Message)
{
    /// <summary>How many tries were sent.</summary>
    internal int Tries { get; set; }

    /// <summary>What came to its ports.</summary>
    internal ExchangeCounts Counts { get; private set; }

    /// <summary>Who sent the latest message that wasn't the destination's.</summary>
    internal IPEndPoint? Foreign { get; set; }

    /// <summary>The name of the latest other type that came from the destination.</summary>
    internal string? OtherType { get; set; }

    /// <summary>Why the latest datagram from the destination wasn't a valid message.</summary>
    internal RejectReason Reason { get; set; }

    /// <summary>The error number of the latest ICMP message that came back; 0 without one.</summary>
    internal int Refusal { get; set; }

    /// <summary>Counts something, for this request and its destination.</summary>
    internal void Count(ExchangeCounts more)
    {
        Counts += more;
        Target.Counts += more;
    }
}

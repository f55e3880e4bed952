using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>How a request ended: with a <see cref="Result"/> or an <see cref="Error"/>.</summary>
public sealed record RequestOutcome
{
    /// <summary>Whom the request was sent to, as it was given.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The UDP port that it was sent to.</summary>
    public required int DestinationPort { get; init; }

    /// <summary>The request as it was given.</summary>
    public required CustomMessage Request { get; init; }

    /// <summary>Request and response, if one came in time.</summary>
    public RequestResult? Result { get; init; }

    /// <summary>
    /// Why there is no response: none came in time (<see cref="FailureKind.Timeout"/>, with what came instead), or the request couldn't
    /// be sent.
    /// </summary>
    public CustomProtoException? Error { get; init; }
}

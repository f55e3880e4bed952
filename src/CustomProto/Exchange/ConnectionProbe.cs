using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>One request of a <see cref="ConnectionTest"/>, and how it ended.</summary>
public sealed record ConnectionProbe
{
    /// <summary>Which request to the destination it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Whom it was sent to.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The UDP port that it was sent to.</summary>
    public required int DestinationPort { get; init; }

    /// <summary>How it ended.</summary>
    public required ConnectionStatus Status { get; init; }

    /// <summary>How long its response took; <see langword="null"/> without one.</summary>
    public TimeSpan? RoundTripTime { get; init; }

    /// <summary>What <see cref="RoundTripTime"/> lies between.</summary>
    public RoundTripClock Clock { get; init; }

    /// <summary>The response, if there is one.</summary>
    public CustomMessage? Response { get; init; }

    /// <summary>Why there is no response, and what can be done about it; whole sentences.</summary>
    public string? Problem { get; init; }

    /// <summary>Makes a probe of an outcome.</summary>
    internal static ConnectionProbe From(int number, RequestOutcome outcome) => new()
    {
        Number = number,
        Destination = outcome.Destination,
        DestinationPort = outcome.DestinationPort,
        Status = outcome switch
        {
            { Result: not null } => ConnectionStatus.Answered,
            { Error: { Kind: FailureKind.Timeout, ErrorId: "NoResponse" } } => ConnectionStatus.TimedOut,
            { Error.Kind: FailureKind.Timeout or FailureKind.Unreachable } => ConnectionStatus.Unreachable,
            _ => ConnectionStatus.Failed,
        },
        RoundTripTime = outcome.Result?.RoundTripTime,
        Clock = outcome.Result?.Clock ?? RoundTripClock.None,
        Response = outcome.Result?.Response,
        Problem = outcome.Error?.Message,
    };
}

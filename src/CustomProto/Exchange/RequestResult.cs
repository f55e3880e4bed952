using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>A request and its response.</summary>
public sealed record RequestResult
{
    /// <summary>Whom the request was sent to.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The UDP port that it was sent to.</summary>
    public required int DestinationPort { get; init; }

    /// <summary>The request, of the try that was answered.</summary>
    public required CustomMessage Request { get; init; }

    /// <summary>The response.</summary>
    public required CustomMessage Response { get; init; }

    /// <summary>How long it took, to 100 ns, from the try that was answered; <see cref="Clock"/> says between which stamps.</summary>
    public required TimeSpan RoundTripTime { get; init; }

    /// <summary>What <see cref="RoundTripTime"/> lies between.</summary>
    public required RoundTripClock Clock { get; init; }

    /// <summary>Which try was answered, from 1.</summary>
    public required int Try { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{Response.TypeName} from {new IPEndPoint(Destination, DestinationPort)} after {RoundTripTime.TotalMicroseconds:0.0} µs");
}

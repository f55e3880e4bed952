using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>What is known of a datagram that a socket received.</summary>
readonly record struct ReceivedDatagram
{
    /// <summary>How many bytes it has, or as many as there was room for.</summary>
    internal int Length { get; init; }

    /// <summary>Who sent it.</summary>
    internal InternetAddress Source { get; init; }

    /// <summary>The UDP port that it came from.</summary>
    internal ushort SourcePort { get; init; }

    /// <summary>CLOCK_REALTIME when the network stack got it, in nanoseconds; 0 where it doesn't tell.</summary>
    internal long RealtimeNanoseconds { get; init; }
}

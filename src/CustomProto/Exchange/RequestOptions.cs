using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>How requests are sent and responses waited for, decided before the kernel is touched. <see cref="Requester"/> checks it.</summary>
public sealed record RequestOptions
{
    /// <summary>The default of <see cref="Timeout"/>.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The protocol.</summary>
    public ProtocolDefinition Protocol { get; init; } = ProtocolDefinition.Default;

    /// <summary>The UDP port to send to, 1 to 65,535, which responses have to come from; without it, the protocol's first.</summary>
    public int? DestinationPort { get; init; }

    /// <summary>The type that responses have.</summary>
    public MessageType ResponseType { get; init; } = MessageType.Response;

    /// <summary>How long each try waits for its response; more than 0.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>How many times a request is sent again, each time from a port of its own, when a try's time is over; 0 or more.</summary>
    public int Retry { get; init; }

    /// <summary>The interface to send from; without it, the one that the route names.</summary>
    public string? Interface { get; init; }

    /// <summary>The address to send from, one of this host's; without it, the one that the route prefers.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>The time to live or hop limit, 1 to 255; without it, the system's default.</summary>
    public int? Ttl { get; init; }

    /// <summary>The differentiated services code point, 0 to 63 (RFC 2474).</summary>
    public int Dscp { get; init; }

    /// <summary>
    /// Whether programs may be attached for as long as the requester lives, where none of this process is: for the kernel's stamps. On
    /// hardware they run in generic mode, which leaves the driver alone. Without the privilege, or without this, a UDP socket receives.
    /// </summary>
    public bool RegisterPrograms { get; init; } = true;
}

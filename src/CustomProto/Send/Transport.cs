namespace CustomProto.Send;

/// <summary>How packets get out.</summary>
public enum Transport
{
    /// <summary>
    /// <see cref="Raw"/> where the privilege is there and the route leads over an Ethernet interface, or where only that can do what
    /// was asked for; otherwise <see cref="Udp"/>.
    /// </summary>
    Auto,

    /// <summary>Whole frames over an AF_PACKET socket: full control of every header. Needs CAP_NET_RAW.</summary>
    Raw,

    /// <summary>Datagrams over a UDP socket: the kernel makes the headers. Needs no privilege.</summary>
    Udp,
}

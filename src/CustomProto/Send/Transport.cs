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

    /// <summary>
    /// Whole frames that a BPF program completes and sends in the kernel, millions a second, each with its own sequence number and time.
    /// Needs CAP_BPF, CAP_NET_ADMIN, Linux 5.18, and a driver that takes frames from XDP.
    /// </summary>
    Xdp,
}

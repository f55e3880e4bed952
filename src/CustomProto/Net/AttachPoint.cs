namespace CustomProto.Net;

/// <summary>Where on a packet's way through an interface a program sits.</summary>
public enum AttachPoint
{
    /// <summary>First of all that arrives, before the kernel has made a socket buffer, where the driver can (XDP).</summary>
    Xdp,

    /// <summary>What arrives, as a socket buffer, before the network stack: on every interface (tc).</summary>
    TcIngress,

    /// <summary>What is sent, as a socket buffer, before the queues of the interface (tc).</summary>
    TcEgress,
}

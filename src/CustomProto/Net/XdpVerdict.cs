namespace CustomProto.Net;

/// <summary>What an XDP program wants done with a packet (<c>enum xdp_action</c>, include/uapi/linux/bpf.h).</summary>
public enum XdpVerdict
{
    /// <summary>The program failed: the packet is dropped, and the tracepoint <c>xdp:xdp_exception</c> tells.</summary>
    Aborted,

    /// <summary>It ends here.</summary>
    Drop,

    /// <summary>It goes on to the network stack.</summary>
    Pass,

    /// <summary>It goes back out of the interface it came from.</summary>
    Tx,

    /// <summary>It goes out of another interface, to another CPU or to a socket.</summary>
    Redirect,
}

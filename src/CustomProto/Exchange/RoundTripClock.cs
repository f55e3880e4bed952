namespace CustomProto.Exchange;

/// <summary>
/// What a round-trip time lies between. All stamps are of CLOCK_MONOTONIC or become so, so that setting the system's time bends none.
/// </summary>
public enum RoundTripClock
{
    /// <summary>There is no time: nothing came back.</summary>
    None,

    /// <summary>From the kernel's stamp on the departing request (tc) to the kernel's stamp on the arriving response (XDP, or tc).</summary>
    Kernel,

    /// <summary>From just before the request was handed to the kernel, in user space, to the kernel's stamp on the arriving response (XDP, or tc).</summary>
    UserToKernel,

    /// <summary>
    /// From just before the request was handed to the kernel, in user space, to the network stack's stamp on the response (SO_TIMESTAMPING).
    /// </summary>
    UserToSocket,

    /// <summary>
    /// From just before the request was handed to the kernel to just after the response was read, both in user space: the network stack
    /// begins to stamp a moment after it was asked to.
    /// </summary>
    User,
}

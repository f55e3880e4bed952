namespace CustomProto.Net;

/// <summary>An interface's own counters since it was made (<c>struct rtnl_link_stats64</c>, include/uapi/linux/if_link.h).</summary>
/// <param name="ReceivedPackets">Good packets received; on most drivers before XDP has its say.</param>
/// <param name="TransmittedPackets">Packets given to the device, and sent as far as it knows.</param>
/// <param name="ReceivedBytes">Bytes of the received packets.</param>
/// <param name="TransmittedBytes">Bytes of the transmitted packets.</param>
/// <param name="ReceiveErrors">Bad packets received.</param>
/// <param name="TransmitErrors">Packets that couldn't be sent.</param>
/// <param name="ReceiveDropped">Good packets received that weren't processed, usually for lack of memory.</param>
/// <param name="TransmitDropped">Packets dropped on their way out.</param>
public readonly record struct LinkStatistics(
    ulong ReceivedPackets,
    ulong TransmittedPackets,
    ulong ReceivedBytes,
    ulong TransmittedBytes,
    ulong ReceiveErrors,
    ulong TransmitErrors,
    ulong ReceiveDropped,
    ulong TransmitDropped);

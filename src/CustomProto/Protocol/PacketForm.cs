namespace CustomProto.Protocol;

/// <summary>What the bytes of a packet begin with.</summary>
public enum PacketForm
{
    /// <summary>What they turn out to be.</summary>
    Auto,

    /// <summary>The protocol's header: the payload of a UDP datagram.</summary>
    Payload,

    /// <summary>The Ethernet header: a whole frame.</summary>
    Frame,
}

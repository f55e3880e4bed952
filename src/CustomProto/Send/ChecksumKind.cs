namespace CustomProto.Send;

/// <summary>Which UDP checksum a packet gets. That of the IPv4 header is always right.</summary>
public enum ChecksumKind
{
    /// <summary>The right one.</summary>
    Valid,

    /// <summary>0: over IPv4 it means that there is none, over IPv6 it is wrong (RFC 8200, section 8.1).</summary>
    Zero,

    /// <summary>One that is neither right nor 0.</summary>
    Bad,
}

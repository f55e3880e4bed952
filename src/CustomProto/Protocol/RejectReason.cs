namespace CustomProto.Protocol;

/// <summary>Why a packet on the protocol's port isn't a valid message: the first that applies, in this order.</summary>
public enum RejectReason
{
    /// <summary>It is a valid message, or not on the port at all.</summary>
    None,

    /// <summary>It is the first fragment of a fragmented datagram.</summary>
    Fragment,

    /// <summary>It ends before its lengths say, or before the header does.</summary>
    Truncated,

    /// <summary>Its IPv4 or UDP checksum is wrong, and checking was asked for.</summary>
    BadChecksum,

    /// <summary>It has another magic.</summary>
    BadMagic,

    /// <summary>It has another version.</summary>
    BadVersion,

    /// <summary>Its length field says more than there is.</summary>
    BadLength,
}

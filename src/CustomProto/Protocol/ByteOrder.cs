namespace CustomProto.Protocol;

/// <summary>The byte order of a protocol's multi-byte header fields.</summary>
public enum ByteOrder
{
    /// <summary>Most significant byte first: network order.</summary>
    BigEndian,

    /// <summary>Least significant byte first.</summary>
    LittleEndian,
}

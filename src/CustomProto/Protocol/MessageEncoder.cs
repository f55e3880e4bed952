namespace CustomProto.Protocol;

/// <summary>From a message's parts to the bytes of a UDP payload.</summary>
public static class MessageEncoder
{
    /// <summary>Writes header and data.</summary>
    /// <returns>The UDP payload, a new array.</returns>
    /// <exception cref="CustomProtoException">The data is longer than the length field can say.</exception>
    public static byte[] Encode(ProtocolDefinition definition, MessageType type, ReadOnlySpan<byte> data)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var payload = new byte[definition.HeaderSize + data.Length];
        Encode(definition, type, data, payload);
        return payload;
    }

    /// <summary>Writes header and data into a buffer, without allocating.</summary>
    /// <param name="definition">The protocol.</param>
    /// <param name="type">The type byte; not written where the protocol has no type field.</param>
    /// <param name="data">The data.</param>
    /// <param name="payload">At least the header's and the data's size. Header bytes that no field covers become 0.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="CustomProtoException">The data is longer than the length field can say.</exception>
    public static int Encode(ProtocolDefinition definition, MessageType type, ReadOnlySpan<byte> data, Span<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var header = payload[..definition.HeaderSize];
        header.Clear();
        if (definition.Magic is { } magic)
        {
            definition.Write(magic, header, magic.Value!.Value);
        }

        if (definition.Version is { } version)
        {
            definition.Write(version, header, version.Value!.Value);
        }

        if (definition.Type is { } kind)
        {
            definition.Write(kind, header, (byte)type);
        }

        if (definition.Length is { } length)
        {
            var value = (ulong)(data.Length + (definition.LengthCountsHeader ? definition.HeaderSize : 0));
            if (value > length.MaxValue)
            {
                throw new CustomProtoException(
                    FailureKind.LimitExceeded,
                    "DataTooLong",
                    $"{data.Length} bytes of data don't fit the {length.Width}-byte field '{length.Name}' of the protocol '{definition.Name}'.",
                    $"Send at most {length.MaxValue - (value - (ulong)data.Length)} bytes in a message.",
                    data.Length);
            }

            definition.Write(length, header, value);
        }

        data.CopyTo(payload[definition.HeaderSize..]);
        return definition.HeaderSize + data.Length;
    }
}

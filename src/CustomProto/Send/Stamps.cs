using System.Buffers.Binary;
using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// The sequence number and the time of the in-kernel sender: the last 16 bytes of the data, two numbers of eight bytes in network byte
/// order, the second CLOCK_MONOTONIC in nanoseconds.
/// </summary>
static class Stamps
{
    /// <summary>The length of the two numbers.</summary>
    internal static unsafe int Length => sizeof(Stamp);

    /// <summary>Makes room for a stamp at the end of a message's data.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="payload">The message: header and data, and nothing after them.</param>
    /// <returns>The longer message, with zeros for the stamp.</returns>
    /// <exception cref="CustomProtoException">
    /// What was given isn't a whole message (<see cref="FailureKind.InvalidArgument"/>, NoRoomForStamp), or the length field can't hold the
    /// new length (<see cref="FailureKind.LimitExceeded"/>).
    /// </exception>
    internal static byte[] Append(ProtocolDefinition protocol, ReadOnlySpan<byte> payload)
    {
        var stamped = new byte[payload.Length + Length];
        payload.CopyTo(stamped);
        if (payload.Length < protocol.HeaderSize)
        {
            throw NotWhole(payload.Length);
        }

        if (protocol.Length is { } field)
        {
            var counted = (ulong)(payload.Length - (protocol.LengthCountsHeader ? 0 : protocol.HeaderSize));
            if (protocol.Read(field, payload) != counted)
            {
                throw NotWhole(payload.Length);
            }

            counted += (ulong)Length;
            if (counted > field.MaxValue)
            {
                throw new CustomProtoException(
                    FailureKind.LimitExceeded,
                    "DataTooLong",
                    $"{payload.Length - protocol.HeaderSize} bytes of data and {Length} of sequence number and time don't fit the {field.Width}-byte field '{field.Name}' of the protocol '{protocol.Name}'.",
                    "Send less in a message, or leave sequence number and time out (-NoStamp).",
                    payload.Length);
            }

            protocol.Write(field, stamped, counted);
        }

        return stamped;
    }

    /// <summary>Reads a stamp.</summary>
    /// <param name="data">The data of a message; its last 16 bytes are read.</param>
    internal static Stamp Read(ReadOnlySpan<byte> data)
    {
        var stamp = data[^Length..];
        return new Stamp
        {
            Sequence = BinaryPrimitives.ReadUInt64BigEndian(stamp),
            MonotonicNs = BinaryPrimitives.ReadUInt64BigEndian(stamp[sizeof(ulong)..]),
        };
    }

    static CustomProtoException NotWhole(int length) => new(
        FailureKind.InvalidArgument,
        "NoRoomForStamp",
        "Sequence number and time belong at the end of the data, but this isn't a message whose length field says where that is.",
        "Leave them out: -NoStamp.",
        length);
}

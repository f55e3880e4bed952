using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Capture;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>From a record in a ring to a message: makes the one copy of the payload.</summary>
sealed unsafe class RecordDecoder
{
    readonly WallClock _clock = WallClock.Read();
    readonly EnvelopeTable _envelopes;

    internal RecordDecoder(ProtocolDefinition protocol, string interfaceName)
    {
        Protocol = protocol;
        Interface = interfaceName;
        _envelopes = new EnvelopeTable(interfaceName);
    }

    /// <summary>The protocol.</summary>
    internal ProtocolDefinition Protocol { get; }

    /// <summary>The interface's name.</summary>
    internal string Interface { get; }

    /// <summary>Makes a message of a record.</summary>
    /// <exception cref="CustomProtoException">The record contradicts itself: the ring is damaged.</exception>
    internal CustomMessage Decode(ReadOnlySpan<byte> record)
    {
        ref readonly var header = ref Check(record);
        return new CustomMessage(
            Protocol, record[sizeof(Event)..].ToArray(), (int)header.Length, (int)header.Trailing, _envelopes.Find(header), ReadTimes(header), (long)header.LostBefore);
    }

    /// <summary>Writes a record to a capture, without making an object of it.</summary>
    /// <exception cref="CustomProtoException">The record contradicts itself, or the file can't be written.</exception>
    internal void Write(ReadOnlySpan<byte> record, CaptureWriter capture)
    {
        if (IsRejected(record))
        {
            WriteRejected(record, capture);
            return;
        }

        ref readonly var header = ref Check(record);
        capture.Write(ReadMetadata(header), record[sizeof(Event)..], Protocol.HeaderSize + (int)header.Length + (int)header.Trailing, (long)header.LostBefore);
    }

    /// <summary>Whether a record is of a packet that is no message.</summary>
    /// <exception cref="CustomProtoException">The record has no header: the ring is damaged.</exception>
    internal bool IsRejected(ReadOnlySpan<byte> record) => ReadHeader(record).Reason != (byte)Reason.None;

    /// <summary>Makes an object of the record of a packet that is no message.</summary>
    /// <exception cref="CustomProtoException">The record contradicts itself: the ring is damaged.</exception>
    internal RejectedPacket DecodeRejected(ReadOnlySpan<byte> record)
    {
        ref readonly var header = ref CheckRejected(record);
        return new RejectedPacket((RejectReason)header.Reason, record[sizeof(Event)..].ToArray(), (int)header.Length, ReadMetadata(header), Protocol.Name);
    }

    void WriteRejected(ReadOnlySpan<byte> record, CaptureWriter capture)
    {
        ref readonly var header = ref CheckRejected(record);
        capture.Write(ReadMetadata(header), record[sizeof(Event)..], (int)header.Length, lostBefore: 0, (RejectReason)header.Reason);
    }

    ref readonly Event CheckRejected(ReadOnlySpan<byte> record)
    {
        ref readonly var header = ref ReadHeader(record);
        var payload = record.Length - sizeof(Event);
        if (header.Captured != payload || payload > header.Length || header.Length > Limit.MaxPayload || header.Reason >= (uint)Reason.Count)
        {
            throw Corrupt($"it has {payload} bytes of payload, and says {header.Captured} of {header.Length}, rejected for reason {header.Reason}");
        }

        CheckPacket(header);
        return ref header;
    }

    /// <summary>Looks whether a record can be what the program wrote: its numbers are relied on from here on.</summary>
    /// <exception cref="CustomProtoException">It contradicts itself: the ring is damaged.</exception>
    internal ref readonly Event Check(ReadOnlySpan<byte> record)
    {
        ref readonly var header = ref ReadHeader(record);
        var payload = record.Length - sizeof(Event);
        if (header.Captured != payload || payload < Protocol.HeaderSize || payload - Protocol.HeaderSize > header.Length)
        {
            throw Corrupt($"it has {payload} bytes of payload, and says {header.Captured} of {header.Length}");
        }

        CheckPacket(header);
        return ref header;
    }

    void CheckPacket(in Event header)
    {
        if (header.Length + (ulong)header.Trailing > Limit.MaxPayload || header.VlanCount > Limit.MaxVlanTags || header.IpVersion is not (4 or 6))
        {
            throw Corrupt($"it says {header.Length} and {header.Trailing} bytes, {header.VlanCount} VLAN tags and IP version {header.IpVersion}");
        }
    }

    /// <summary>When the packet was seen, in nanoseconds since 1970.</summary>
    internal long ReadUnixTime(in Event header) => ReadUnixTime(header, out _);

    long ReadUnixTime(in Event header, out TimestampSource source)
    {
        var unix = _clock.ToUnixNanoseconds(header.MonotonicNs, header.TaiNs);
        if (header.HardwareNs != 0 && _clock.FromHardware(header.HardwareNs, unix) is { } hardware)
        {
            source = TimestampSource.Hardware;
            return hardware;
        }

        source = header.TaiNs != 0 ? TimestampSource.Tai : TimestampSource.Monotonic;
        return unix;
    }

    /// <summary>When the message in a record was seen, in nanoseconds of CLOCK_MONOTONIC.</summary>
    /// <exception cref="CustomProtoException">The record has no header: the ring is damaged.</exception>
    internal long ReadTime(ReadOnlySpan<byte> record) => (long)ReadHeader(record).MonotonicNs;

    ref readonly Event ReadHeader(ReadOnlySpan<byte> record)
    {
        if (record.Length < sizeof(Event))
        {
            throw Corrupt($"it has {record.Length} bytes, fewer than its header");
        }

        return ref MemoryMarshal.AsRef<Event>(record);
    }

    PacketMetadata ReadMetadata(in Event header) => new(Interface, EnvelopeTable.ReadNumbers(header), ReadTimes(header));

    PacketTimes ReadTimes(in Event header)
    {
        var unix = ReadUnixTime(header, out var source);
        return new PacketTimes
        {
            MonotonicNanoseconds = (long)header.MonotonicNs,
            UnixNanoseconds = unix,
            HardwareNanoseconds = (long)header.HardwareNs,
            Source = source,
        };
    }

    CustomProtoException Corrupt(string problem) => new(
        FailureKind.InvalidData,
        "RingCorrupt",
        $"A record of the ring on '{Interface}' is damaged: {problem}.",
        "Unregister the program and register it again.",
        Interface);
}

using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// Changes frames in ways that mean something to a receiver: a field each, to values at which programs break, with the other fields made
/// to fit. The same seed and the same frames give the same bytes, on every machine. MAC and IP addresses and the destination port are
/// never changed, so that nobody else gets a packet. For one thread at a time.
/// </summary>
public sealed partial class PacketMutator
{
    static readonly PacketMutation[] s_mutations = Enum.GetValues<PacketMutation>();

    readonly ProtocolDefinition _protocol;
    readonly long _seed;
    MutationRandom _random;

    /// <summary>Begins a series.</summary>
    /// <param name="protocol">The protocol that the frames carry.</param>
    /// <param name="seed">What tells one series from another.</param>
    public PacketMutator(ProtocolDefinition protocol, long seed)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        _protocol = protocol;
        _seed = seed;
        _random = new MutationRandom(seed);
    }

    /// <summary>The next packet of the series.</summary>
    /// <param name="frame">A whole frame with a message.</param>
    /// <param name="maxFrameLength">The longest frame to make, in bytes from the Ethernet header on; at least the frame's own length.</param>
    /// <exception cref="CustomProtoException">The bytes are no whole frame with a UDP datagram.</exception>
    public MutatedPacket Next(ReadOnlySpan<byte> frame, int maxFrameLength = int.MaxValue)
    {
        var longest = Math.Max(maxFrameLength, frame.Length);
        while (true)
        {
            var mutation = _random.Pick<PacketMutation>(s_mutations);
            if (Mutate(mutation, frame) is { } frames && frames.All(one => one.Length <= longest))
            {
                return new MutatedPacket(mutation, frames);
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{_protocol.Name}, seed {_seed}";

    /// <returns><see langword="null"/> where the packet has nothing of the kind.</returns>
    List<byte[]>? Mutate(PacketMutation mutation, ReadOnlySpan<byte> frame)
    {
        var parts = FrameParts.Of(frame);
        switch (mutation)
        {
            case PacketMutation.Truncation:
                return [frame[.._random.Between(FrameFormat.EthernetHeaderLength, frame.Length - 1)].ToArray()];
            case PacketMutation.Padding:
                return [[.. frame, .. RandomBytes(_random.Between(1, 46))]];
            case PacketMutation.Fragments:
                return Fragment(parts);
            case PacketMutation.Bits:
                return [FlipBits(parts, frame.ToArray())];
            default:
                return Change(mutation, parts) ? [parts.Assemble()] : null;
        }
    }

    bool Change(PacketMutation mutation, FrameParts parts) => mutation switch
    {
        PacketMutation.None => true,
        PacketMutation.Magic => ChangeField(parts, _protocol.Magic),
        PacketMutation.Version => ChangeField(parts, _protocol.Version),
        PacketMutation.Type => ChangeField(parts, _protocol.Type),
        PacketMutation.Length => ChangeField(parts, _protocol.Length),
        PacketMutation.Field => ChangePlainField(parts),
        PacketMutation.Data => ChangeData(parts),
        PacketMutation.TrailingBytes => Set(() => parts.Payload = [.. parts.Payload, .. RandomBytes(_random.Between(1, 64))]),
        PacketMutation.ShortPayload => parts.Payload.Length > 0 && Set(() => parts.Payload = parts.Payload[.._random.Below(parts.Payload.Length)]),
        _ => ChangeUdp(mutation, parts) || ChangeIP(mutation, parts) || ChangeEthernet(mutation, parts),
    };

    bool ChangeField(FrameParts parts, ProtocolField? field)
    {
        if (field is null || parts.Payload.Length < _protocol.HeaderSize)
        {
            return false;
        }

        var value = _protocol.Read(field, parts.Payload);
        _protocol.Write(field, parts.Payload, Other(value, field.Width));
        return true;
    }

    bool ChangePlainField(FrameParts parts)
    {
        var plain = _protocol.Fields.Where(field => field.Role == FieldRole.Plain).ToArray();
        return plain.Length > 0 && ChangeField(parts, _random.Pick<ProtocolField>(plain));
    }

    /// <summary>Changes, takes away or adds data, and says so in the length field.</summary>
    bool ChangeData(FrameParts parts)
    {
        if (parts.Payload.Length < _protocol.HeaderSize)
        {
            return false;
        }

        var (header, data) = (parts.Payload[.._protocol.HeaderSize], parts.Payload[_protocol.HeaderSize..]);
        var other = _random.Below(4) switch
        {
            0 => data[.._random.Below(data.Length + 1)],
            1 => [.. data, .. RandomBytes(_random.Between(1, 64))],
            2 => new byte[data.Length],
            _ => RandomBytes(data.Length),
        };
        data = other.AsSpan().SequenceEqual(data) ? [.. data, 0] : other;
        if (_protocol.Length is { } field)
        {
            _protocol.Write(field, header, (ulong)(data.Length + (_protocol.LengthCountsHeader ? header.Length : 0)));
        }

        parts.Payload = [.. header, .. data];
        return true;
    }

    bool ChangeUdp(PacketMutation mutation, FrameParts parts)
    {
        switch (mutation)
        {
            case PacketMutation.UdpLength:
                parts.UdpLength = OtherWord(parts.DatagramLength);
                return true;
            case PacketMutation.UdpChecksum:
                parts.UdpChecksum = OtherWord(BinaryPrimitives.ReadUInt16BigEndian(parts.Udp.AsSpan(6)));
                return true;
            case PacketMutation.SourcePort:
                BinaryPrimitives.WriteUInt16BigEndian(parts.Udp, OtherWord(BinaryPrimitives.ReadUInt16BigEndian(parts.Udp)));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Another value for a field of so many bytes: one at which programs break, or any.</summary>
    ulong Other(ulong value, int width)
    {
        var most = width == sizeof(ulong) ? ulong.MaxValue : (1UL << (8 * width)) - 1;
        var other = unchecked(_random.Below(8) switch
        {
            0 => 0,
            1 => most,
            2 => value + 1,
            3 => value - 1,
            4 => value * 2,
            5 => BinaryPrimitives.ReverseEndianness(value) >> (8 * (sizeof(ulong) - width)),
            6 => (most >> 1) + (ulong)_random.Below(2),
            _ => _random.Next(),
        }) & most;
        return other != value ? other : value ^ (1UL << _random.Below(8 * width));
    }

    ushort OtherWord(int value) => (ushort)Other((ulong)value, sizeof(ushort));

    byte OtherByte(int value) => (byte)Other((ulong)value, sizeof(byte));

    byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)_random.Below(256);
        }

        return bytes;
    }

    static bool Set(Action change)
    {
        change();
        return true;
    }
}

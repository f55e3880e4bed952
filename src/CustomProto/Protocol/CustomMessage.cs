using System.Collections.ObjectModel;
using System.Net;

namespace CustomProto.Protocol;

/// <summary>
/// A message of the protocol, received or made. Immutable and without handles; addresses, texts and copies are made when they are asked for.
/// </summary>
public sealed class CustomMessage
{
    readonly byte[] _payload;
    readonly PacketEnvelope _envelope;
    readonly PacketTimes _times;

    /// <summary>Makes a message from the bytes of a UDP payload.</summary>
    /// <param name="definition">The protocol.</param>
    /// <param name="payload">The header and as much of the data as was captured; not copied, and not to be changed afterwards.</param>
    /// <param name="length">The number of data bytes the message has.</param>
    /// <param name="trailingBytes">The number of bytes of UDP payload after the data.</param>
    /// <param name="packet">What is known of the packet.</param>
    /// <param name="lostBefore">Messages lost on this CPU and reader since the previous one.</param>
    /// <exception cref="ArgumentException">The payload is shorter than the header.</exception>
    public CustomMessage(
        ProtocolDefinition definition, byte[] payload, int length, int trailingBytes = 0, in PacketMetadata packet = default, long lostBefore = 0)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(payload);
        if (payload.Length < definition.HeaderSize)
        {
            throw new ArgumentException($"The header has {definition.HeaderSize} bytes, the payload {payload.Length}.", nameof(payload));
        }

        Definition = definition;
        _payload = payload;
        _envelope = packet == default ? PacketEnvelope.None : packet.Envelope;
        _times = packet.Times;
        Length = length;
        TrailingBytes = trailingBytes;
        LostBefore = lostBefore;
    }

    /// <summary>Makes a message that was received, whose payload has at least the header.</summary>
    internal CustomMessage(
        ProtocolDefinition definition, byte[] payload, int length, int trailingBytes, PacketEnvelope envelope, in PacketTimes times, long lostBefore)
    {
        Definition = definition;
        _payload = payload;
        _envelope = envelope;
        _times = times;
        Length = length;
        TrailingBytes = trailingBytes;
        LostBefore = lostBefore;
    }

    /// <summary>When the packet was seen, in local time; the smallest value where that isn't known.</summary>
    public DateTimeOffset Timestamp => _times.Timestamp;

    /// <summary>When the packet was seen, in nanoseconds of CLOCK_MONOTONIC: what differences are taken of.</summary>
    public long MonotonicNanoseconds => _times.MonotonicNanoseconds;

    /// <summary>Where <see cref="Timestamp"/> comes from.</summary>
    public TimestampSource TimestampSource => _times.Source;

    /// <summary>
    /// The network card's clock when it received the packet, in nanoseconds of whatever it counts from; <see langword="null"/> where it didn't tell.
    /// </summary>
    public long? HardwareNanoseconds => _times.HardwareNanoseconds is not 0 and var hardware ? hardware : null;

    /// <summary>The name of the interface.</summary>
    public string? Interface => _envelope.Interface;

    /// <summary>The CPU that handled the packet.</summary>
    public int Cpu => _envelope.Numbers.Cpu;

    /// <summary>Which way the packet went.</summary>
    public PacketDirection Direction => _envelope.Numbers.Direction;

    /// <summary>The protocol's name.</summary>
    public string Protocol => Definition.Name;

    /// <summary>The value of the version field; 0 without one.</summary>
    public ulong Version => Definition.Version is { } version ? Definition.Read(version, _payload) : 0;

    /// <summary>The value of the type field.</summary>
    public MessageType Type => Definition.Type is { } type ? (MessageType)Definition.Read(type, _payload) : MessageType.None;

    /// <summary>The name of the type, or its number.</summary>
    public string TypeName => Definition.TypeName(Type);

    /// <summary>The number of data bytes the message has.</summary>
    public int Length { get; }

    /// <summary>The number of data bytes that were captured; fewer than <see cref="Length"/> with a snap length.</summary>
    public int CapturedLength => _payload.Length - Definition.HeaderSize;

    /// <summary>The captured data: a copy.</summary>
    public byte[] Data => DataSpan.ToArray();

    /// <summary>The captured data as UTF-8 text, with control characters made visible.</summary>
    public string Text => VisibleText.Decode(DataSpan);

    /// <summary>The sender's address; <see langword="null"/> for a message that wasn't on a network.</summary>
    public IPAddress? SourceAddress => _envelope.Numbers.Direction == PacketDirection.None ? null : _envelope.Numbers.Source.ToIPAddress();

    /// <summary>The sender's UDP port.</summary>
    public int SourcePort => _envelope.Numbers.SourcePort;

    /// <summary>The receiver's address; <see langword="null"/> for a message that wasn't on a network.</summary>
    public IPAddress? DestinationAddress => _envelope.Numbers.Direction == PacketDirection.None ? null : _envelope.Numbers.Destination.ToIPAddress();

    /// <summary>The receiver's UDP port.</summary>
    public int DestinationPort => _envelope.Numbers.DestinationPort;

    /// <summary>The sender's link-layer address.</summary>
    public MacAddress SourceMac => _envelope.Numbers.SourceMac;

    /// <summary>The receiver's link-layer address.</summary>
    public MacAddress DestinationMac => _envelope.Numbers.DestinationMac;

    /// <summary>The VLAN ids, outer first; empty without tags.</summary>
    public int[] VlanId => _envelope.Numbers.VlanId;

    /// <summary>The number of bytes of UDP payload after the data.</summary>
    public int TrailingBytes { get; }

    /// <summary>Messages lost on this CPU and reader since the previous one.</summary>
    public long LostBefore { get; }

    /// <summary>The plain fields of the definition by name.</summary>
    public IReadOnlyDictionary<string, ulong> Fields
    {
        get
        {
            var fields = new Dictionary<string, ulong>(StringComparer.OrdinalIgnoreCase);
            foreach (var plain in Definition.Fields)
            {
                if (plain.Role == FieldRole.Plain)
                {
                    fields.Add(plain.Name, Definition.Read(plain, _payload));
                }
            }

            return new ReadOnlyDictionary<string, ulong>(fields);
        }
    }

    /// <summary>The protocol; not public, so that it isn't shown or serialised with every message.</summary>
    internal ProtocolDefinition Definition { get; }

    /// <summary>What is known of the packet.</summary>
    internal PacketMetadata Packet => new(_envelope.Interface, _envelope.Numbers, _times);

    /// <summary>Header and captured data.</summary>
    internal ReadOnlySpan<byte> Payload => _payload;

    ReadOnlySpan<byte> DataSpan => _payload.AsSpan(Definition.HeaderSize);

    /// <summary>Makes a message to be sent.</summary>
    /// <exception cref="CustomProtoException">The data is longer than the length field can say.</exception>
    public static CustomMessage Create(ProtocolDefinition definition, MessageType type, ReadOnlySpan<byte> data) =>
        new(definition, MessageEncoder.Encode(definition, type, data), data.Length);

    /// <inheritdoc/>
    public override string ToString() => _envelope.Numbers.Direction == PacketDirection.None
        ? $"{TypeName}, {Length} bytes"
        : $"{TypeName}, {Length} bytes, {new IPEndPoint(SourceAddress!, SourcePort)} to {new IPEndPoint(DestinationAddress!, DestinationPort)}";
}

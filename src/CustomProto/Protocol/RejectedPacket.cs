using System.Net;

namespace CustomProto.Protocol;

/// <summary>
/// A packet on the protocol's port that is no valid message, and why. Immutable and without handles; addresses, text and copies are made when
/// they are asked for.
/// </summary>
public sealed class RejectedPacket
{
    /// <summary>What the kernel program keeps of a payload at most: CP_MAX_LEADING in bpf/customproto.h.</summary>
    internal const int MaxLeadingBytes = 128;

    readonly byte[] _payload;
    readonly PacketMetadata _packet;

    /// <summary>Makes one.</summary>
    /// <param name="reason">Why it is no message.</param>
    /// <param name="payload">What was captured of its UDP payload; not copied, and not to be changed afterwards.</param>
    /// <param name="length">How many bytes of UDP payload the packet holds.</param>
    /// <param name="packet">What is known of the packet.</param>
    /// <param name="protocol">The protocol's name.</param>
    public RejectedPacket(RejectReason reason, byte[] payload, int length, PacketMetadata packet, string protocol)
    {
        ArgumentNullException.ThrowIfNull(payload);
        Reason = reason;
        _payload = payload;
        _packet = packet;
        Length = length;
        Protocol = protocol;
    }

    /// <summary>Why it is no message: the first reason that applies.</summary>
    public RejectReason Reason { get; }

    /// <summary>When the packet was seen, in local time; the smallest value where that isn't known.</summary>
    public DateTimeOffset Timestamp => _packet.Timestamp;

    /// <summary>When the packet was seen, in nanoseconds of CLOCK_MONOTONIC: what differences are taken of.</summary>
    public long MonotonicNanoseconds => _packet.MonotonicNanoseconds;

    /// <summary>Where <see cref="Timestamp"/> comes from.</summary>
    public TimestampSource TimestampSource => _packet.TimestampSource;

    /// <summary>
    /// The network card's clock when it received the packet, in nanoseconds of whatever it counts from; <see langword="null"/> where it didn't tell.
    /// </summary>
    public long? HardwareNanoseconds => _packet.HardwareNanoseconds is not 0 and var hardware ? hardware : null;

    /// <summary>The name of the interface.</summary>
    public string? Interface => _packet.Interface;

    /// <summary>The CPU that handled the packet.</summary>
    public int Cpu => _packet.Cpu;

    /// <summary>Which way the packet went.</summary>
    public PacketDirection Direction => _packet.Direction;

    /// <summary>The name of the protocol that it isn't a message of.</summary>
    public string Protocol { get; }

    /// <summary>How many bytes of UDP payload the packet holds.</summary>
    public int Length { get; }

    /// <summary>The first bytes of the UDP payload, 128 at most: a copy.</summary>
    public byte[] LeadingBytes => [.. _payload];

    /// <summary>The first bytes as UTF-8 text, with control characters made visible.</summary>
    public string Text => VisibleText.Decode(_payload);

    /// <summary>The sender's address.</summary>
    public IPAddress SourceAddress => _packet.Source.ToIPAddress();

    /// <summary>The sender's UDP port.</summary>
    public int SourcePort => _packet.SourcePort;

    /// <summary>The receiver's address.</summary>
    public IPAddress DestinationAddress => _packet.Destination.ToIPAddress();

    /// <summary>The receiver's UDP port.</summary>
    public int DestinationPort => _packet.DestinationPort;

    /// <summary>The sender's link-layer address.</summary>
    public MacAddress SourceMac => _packet.SourceMac;

    /// <summary>The receiver's link-layer address.</summary>
    public MacAddress DestinationMac => _packet.DestinationMac;

    /// <summary>The VLAN ids, outer first; empty without tags.</summary>
    public int[] VlanId => _packet.VlanId;

    /// <summary>What is known of the packet.</summary>
    internal PacketMetadata Packet => _packet;

    /// <summary>What was captured of the UDP payload.</summary>
    internal ReadOnlySpan<byte> Payload => _payload;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Reason}, {Length} bytes, {new IPEndPoint(SourceAddress, SourcePort)} to {new IPEndPoint(DestinationAddress, DestinationPort)}";
}

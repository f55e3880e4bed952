using System.Net;
using System.Net.Sockets;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>From a message to the bytes of a whole frame, without a network: Ethernet, VLAN tags, IP, UDP, payload, with right checksums.</summary>
public static class FrameEncoder
{
    const int DefaultTtl = 64;
    const int DefaultSourcePort = 40000;

    /// <summary>
    /// Makes the frame that carries a message: the one it came in, as far as that is known. A message that wasn't on a network goes from
    /// 192.0.2.1 to 192.0.2.2 (RFC 5737) and to the protocol's first port. Data that wasn't captured, and trailing bytes, become 0.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="destinationPort">The UDP port to send to, instead of the message's or the protocol's own.</param>
    /// <exception cref="CustomProtoException">The data is longer than IP can carry (<see cref="FailureKind.LimitExceeded"/>).</exception>
    public static byte[] Encode(CustomMessage message, int? destinationPort = null) =>
        Encode(message, new FrameOptions { DestinationPort = destinationPort })[0];

    /// <summary>Makes the frame that carries a message, or its fragments, in headers that are settled or out of the ordinary.</summary>
    /// <param name="message">The message.</param>
    /// <param name="options">What isn't as in the message.</param>
    /// <param name="mutator">Changes the frame; without it, <see cref="PacketCraft.FuzzSeed"/> begins a series anew.</param>
    /// <exception cref="CustomProtoException">
    /// An option can't be used (<see cref="FailureKind.InvalidArgument"/>), or the data is longer than IP can carry
    /// (<see cref="FailureKind.LimitExceeded"/>).
    /// </exception>
    public static IReadOnlyList<byte[]> Encode(CustomMessage message, FrameOptions options, PacketMutator? mutator = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(options);
        var protocol = message.Definition;
        var headers = MakeHeaders(message, options);
        SendOptionsCheck.Check(headers);
        PacketCraftCheck.Check(options.Craft, protocol, headers.Destination.IsIPv6);
        var payload = options.Craft.Apply(protocol, MakePayload(message));
        new PacketLimits(headers.Destination.IsIPv6, protocol.HeaderSize, Mtu: int.MaxValue, Carrier: "", Hint: "")
        {
            IPOptionLength = headers.IPOptionLength,
        }.Check(payload.Length);
        if (options.Craft.FuzzSeed is { } seed)
        {
            mutator ??= new PacketMutator(protocol, seed);
        }

        return new FrameCrafter(new FrameBuilder(headers), options.Craft, mutator is null ? options.Mtu : ushort.MaxValue, mutator).MakeFrames(payload, identification: 0);
    }

    /// <summary>Makes the UDP payload that carries a message. Data that wasn't captured, and trailing bytes, become 0.</summary>
    /// <param name="message">The message.</param>
    /// <param name="craft">What is different about the protocol's header and after the data; the rest isn't looked at.</param>
    /// <exception cref="CustomProtoException">A value doesn't fit its field (<see cref="FailureKind.InvalidArgument"/>).</exception>
    public static byte[] EncodePayload(CustomMessage message, PacketCraft? craft = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        craft ??= PacketCraft.None;
        PacketCraftCheck.Check(craft, message.Definition, isIPv6: false);
        return craft.Apply(message.Definition, MakePayload(message)).ToArray();
    }

    static byte[] MakePayload(CustomMessage message)
    {
        var payload = new byte[message.Definition.HeaderSize + message.Length + message.TrailingBytes];
        message.Payload.CopyTo(payload);
        return payload;
    }

    static FrameHeaders MakeHeaders(CustomMessage message, FrameOptions options)
    {
        var usual = message.Packet.Direction == PacketDirection.None ? Invent(message, IsIPv6(options)) : Repeat(message);
        return usual with
        {
            SourceMac = options.SourceMac ?? usual.SourceMac,
            DestinationMac = options.DestinationMac ?? usual.DestinationMac,
            VlanId = options.VlanId ?? usual.VlanId,
            Source = options.SourceAddress is { } source ? InternetAddress.From(SendOptionsCheck.Unmap(source)) : usual.Source,
            Destination = options.DestinationAddress is { } destination ? InternetAddress.From(SendOptionsCheck.Unmap(destination)) : usual.Destination,
            SourcePort = options.SourcePort ?? usual.SourcePort,
            DestinationPort = options.DestinationPort ?? usual.DestinationPort,
            Ttl = options.Ttl ?? usual.Ttl,
            Dscp = options.Dscp,
            IPOption = options.Craft.IPOption,
        };
    }

    static bool IsIPv6(FrameOptions options) =>
        (options.DestinationAddress ?? options.SourceAddress) is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false };

    static FrameHeaders Invent(CustomMessage message, bool isIPv6) => new()
    {
        SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
        DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
        Source = InternetAddress.From(IPAddress.Parse(isIPv6 ? "2001:db8::1" : "192.0.2.1")),
        Destination = InternetAddress.From(IPAddress.Parse(isIPv6 ? "2001:db8::2" : "192.0.2.2")),
        SourcePort = DefaultSourcePort,
        DestinationPort = message.Definition.Ports[0],
        Ttl = DefaultTtl,
    };

    static FrameHeaders Repeat(CustomMessage message) => new()
    {
        SourceMac = message.SourceMac,
        DestinationMac = message.DestinationMac,
        VlanId = message.VlanId,
        Source = message.Packet.Source,
        Destination = message.Packet.Destination,
        SourcePort = message.SourcePort,
        DestinationPort = message.DestinationPort,
        Ttl = DefaultTtl,
    };
}

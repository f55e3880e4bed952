using System.Net;
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
    public static byte[] Encode(CustomMessage message, int? destinationPort = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var headers = message.Packet.Direction == PacketDirection.None ? Invent(message) : Repeat(message);
        if (destinationPort is { } port)
        {
            headers = headers with { DestinationPort = port };
        }

        var header = message.Definition.HeaderSize;
        var payload = new byte[header + message.Length + message.TrailingBytes];
        message.Payload.CopyTo(payload);
        new PacketLimits(headers.Destination.IsIPv6, header, Mtu: int.MaxValue, Carrier: "", Hint: "").Check(payload.Length);
        var builder = new FrameBuilder(headers);
        var frame = new byte[builder.HeaderLength + payload.Length];
        builder.Build(frame, payload, identification: 0);
        return frame;
    }

    static FrameHeaders Invent(CustomMessage message) => new()
    {
        SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
        DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
        Source = InternetAddress.From(IPAddress.Parse("192.0.2.1")),
        Destination = InternetAddress.From(IPAddress.Parse("192.0.2.2")),
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

using CustomProto.Protocol;

namespace CustomProto.Send;

/// <content>What a ready frame settles by itself.</content>
public sealed partial record SendOptions
{
    /// <summary>What sends a ready frame out of an interface, as its own headers say, whatever route and neighbours there are.</summary>
    /// <param name="frame">The frame, from the Ethernet header on.</param>
    /// <param name="interfaceName">The interface.</param>
    /// <exception cref="CustomProtoException">
    /// The bytes are no frame with an IP packet (<see cref="FailureKind.InvalidData"/>, NotAFrame).
    /// </exception>
    public static SendOptions ForFrame(ReadOnlySpan<byte> frame, string interfaceName)
    {
        ArgumentNullException.ThrowIfNull(interfaceName);
        var outline = FrameOutline.Find(frame, ports: null);
        if (outline.Cause is ForeignCause.EthernetHeaderCut or ForeignCause.VlanTagCut or ForeignCause.TooManyVlanTags or ForeignCause.EtherType or ForeignCause.IPHeaderCut)
        {
            throw new CustomProtoException(
                FailureKind.InvalidData,
                "NotAFrame",
                $"The {frame.Length} bytes are no frame with an IP packet: {PacketDecoder.ExplainForeign(frame, outline)}.",
                "Give whole frames, from the destination's MAC address on; a UDP payload goes to a -Destination.",
                frame.Length);
        }

        var length = outline.IsIPv6 ? 16 : 4;
        var addresses = frame.Slice(outline.IPOffset + (outline.IsIPv6 ? 8 : 12), 2 * length);
        return new SendOptions
        {
            Destination = InternetAddress.From(addresses[length..], outline.IsIPv6).ToIPAddress(),
            SourceAddress = InternetAddress.From(addresses[..length], outline.IsIPv6).ToIPAddress(),
            DestinationMac = new MacAddress(frame[..MacAddress.Length]),
            SourceMac = new MacAddress(frame.Slice(MacAddress.Length, MacAddress.Length)),

            // A port that isn't 0: there is nothing to reserve.
            SourcePort = Math.Max((ushort)1, outline.SourcePort),
            DestinationPort = outline.DestinationPort == 0 ? null : outline.DestinationPort,
            Interface = interfaceName,
            Transport = Transport.Raw,
        };
    }
}

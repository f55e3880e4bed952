using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>Whole frames out of messages.</summary>
public sealed class FrameEncoderTests
{
    [Fact]
    public void A_message_that_was_never_sent_gets_addresses_of_documentation_and_right_checksums()
    {
        var frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hi"u8));

        Assert.StartsWith(
            "020000000002" + "020000000001" + "0800" + "45000024" + "00004000" + "4011b6c5" + "c0000201" + "c0000202" + "9c4030390010", Convert.ToHexStringLower(frame), StringComparison.Ordinal);
        Assert.Equal("cafe010100024869", Convert.ToHexStringLower(frame[^8..]));
    }

    [Fact]
    public void A_received_message_goes_into_the_frame_it_came_in()
    {
        var packet = new PacketMetadata
        {
            Direction = PacketDirection.Ingress,
            SourceMac = MacAddress.Parse("02:00:00:00:00:0a"),
            DestinationMac = MacAddress.Parse("02:00:00:00:00:0b"),
            Source = InternetAddress.From(System.Net.IPAddress.Parse("2001:db8::1")),
            Destination = InternetAddress.From(System.Net.IPAddress.Parse("2001:db8::2")),
            SourcePort = 1000,
            DestinationPort = 2000,
            VlanCount = 1,
            OuterVlanId = 5,
        };
        var message = new CustomMessage(ProtocolDefinition.Default, [0xCA, 0xFE, 1, 9, 0, 4, 0xAA], length: 4, trailingBytes: 2, packet);

        var frame = Convert.ToHexStringLower(FrameEncoder.Encode(message));

        Assert.StartsWith("02000000000b" + "02000000000a" + "81000005" + "86dd" + "60000000" + "0014" + "1140" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "03e807d00014", frame, StringComparison.Ordinal);
        Assert.EndsWith("cafe01090004" + "aa000000" + "0000", frame, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_port_can_be_given_and_too_much_data_is_refused()
    {
        var frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, []), destinationPort: 0x1234);
        Assert.Equal("1234", Convert.ToHexStringLower(frame[36..38]));
        var huge = new CustomMessage(ProtocolDefinition.Default, new byte[6], length: 65_535);
        Assert.Equal(FailureKind.LimitExceeded, Assert.Throws<CustomProtoException>(() => FrameEncoder.Encode(huge)).Kind);
    }
}

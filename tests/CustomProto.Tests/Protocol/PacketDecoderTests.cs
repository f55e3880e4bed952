using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Protocol;

/// <summary>What is said of bytes that are no message. How frames are judged is compared with the kernel, in the kernel tests.</summary>
public sealed class PacketDecoderTests
{
    static readonly PacketDecoder s_decoder = new(ProtocolDefinition.Default);
    static readonly byte[] s_payload = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Response, "Hello"u8);
    static readonly byte[] s_frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "Hello"u8));

    [Theory]
    [InlineData(PacketForm.Auto)]
    [InlineData(PacketForm.Payload)]
    public void A_payload_was_on_no_network(PacketForm form)
    {
        var message = s_decoder.Require([.. s_payload, 1, 2], form);

        Assert.Equal((MessageType.Response, "Hello", 5, 2), (message.Type, message.Text, message.Length, message.TrailingBytes));
        Assert.Null(message.SourceAddress);
    }

    [Theory]
    [InlineData(PacketForm.Auto)]
    [InlineData(PacketForm.Frame)]
    public void A_frame_brings_its_addresses(PacketForm form)
    {
        var message = s_decoder.Require(s_frame, form, new PacketMetadata { Direction = PacketDirection.Egress, Interface = "eth7" });

        Assert.Equal(("Hello", "192.0.2.1", 40000, "192.0.2.2", 12345), (message.Text, message.SourceAddress!.ToString(), message.SourcePort, message.DestinationAddress!.ToString(), message.DestinationPort));
        Assert.Equal((PacketDirection.Egress, "eth7", "02:00:00:00:00:02"), (message.Direction, message.Interface, message.DestinationMac.ToString()));
    }

    [Theory]
    [InlineData("", PacketForm.Auto, "NotOnPort", "as they have fewer than its header's 6, and no frame with one: an Ethernet header alone has 14 bytes")]
    [InlineData("cafe01", PacketForm.Payload, "Truncated", "payload has 3 bytes, but the header has 6")]
    [InlineData("beef01010000", PacketForm.Payload, "BadMagic", "its Magic is 0xBEEF instead of 0xCAFE")]
    [InlineData("cafe02010000", PacketForm.Auto, "BadVersion", "its Version is 2 instead of 1")]
    [InlineData("cafe0101000548", PacketForm.Auto, "BadLength", "its Length is 5, but 1 bytes follow the header")]
    [InlineData("00112233445566", PacketForm.Auto, "NotOnPort", "as they have 0x0011 for its Magic 0xCAFE, and no frame with one: an Ethernet header")]
    [InlineData("0200000000020200000000010806", PacketForm.Frame, "NotOnPort", "EtherType 0x0806 is neither IPv4 nor IPv6")]
    [InlineData("0200000000020200000000018100000181000001810000010800", PacketForm.Frame, "NotOnPort", "more than 2 VLAN tags")]
    [InlineData("02000000000202000000000181000001", PacketForm.Frame, "NotOnPort", "it ends within a VLAN tag")]
    [InlineData("0200000000020200000000010800450000", PacketForm.Frame, "NotOnPort", "it ends within the IPv4 header")]
    public void What_is_no_message_is_told_with_the_numbers(string bytes, PacketForm form, string errorId, string words)
    {
        var exception = Assert.Throws<CustomProtoException>(() => s_decoder.Require(Convert.FromHexString(bytes), form));

        Assert.Equal((FailureKind.InvalidData, errorId), (exception.Kind, exception.ErrorId));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
        Assert.NotNull(exception.Hint);
    }

    [Theory]
    [InlineData(14, 0x65, "NotOnPort", "its EtherType says IPv4, but the header is of version 6")]
    [InlineData(14, 0x44, "NotOnPort", "its IPv4 header says that it has 16 bytes")]
    [InlineData(23, 6, "NotOnPort", "it carries another protocol than UDP over IPv4")]
    [InlineData(17, 20, "NotOnPort", "it ends before a UDP header by its IPv4 length")]
    [InlineData(37, 0, "NotOnPort", "it goes from UDP port 40000 to 12288")]
    [InlineData(17, 200, "Truncated", "it has 53 bytes, but ends at byte 214 by its IP header")]
    [InlineData(39, 200, "Truncated", "it ends at byte 234 by its UDP header, but at byte 53 by its IP header")]
    [InlineData(39, 7, "Truncated", "its UDP length is 7, less than the UDP header's own 8")]
    [InlineData(39, 12, "Truncated", "its payload has 4 bytes, but the header has 6")]
    [InlineData(20, 0x20, "Fragment", "it is the first fragment of a datagram")]
    [InlineData(21, 1, "LaterFragment", "neither ports nor the protocol's header")]
    [InlineData(42, 0xcb, "BadMagic", "its Magic is 0xCBFE instead of 0xCAFE")]
    public void What_is_wrong_with_a_frame_is_told_with_the_numbers(int offset, byte value, string errorId, string words)
    {
        var frame = (byte[])s_frame.Clone();
        frame[offset] = value;

        var exception = Assert.Throws<CustomProtoException>(() => s_decoder.Require(frame));

        Assert.Equal((FailureKind.InvalidData, errorId), (exception.Kind, exception.ErrorId));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_and_checksums_are_a_matter_of_the_decoder()
    {
        var frame = (byte[])s_frame.Clone();
        frame[^1] ^= 1;

        Assert.Equal(RejectReason.None, s_decoder.DecodeFrame(frame).Reason);
        Assert.Equal("BadChecksum", Assert.Throws<CustomProtoException>(() => new PacketDecoder(ProtocolDefinition.Default, verifyChecksum: true).Require(frame)).ErrorId);
        Assert.False(new PacketDecoder(ProtocolDefinition.Default, [99]).DecodeFrame(frame).Seen);
        Assert.True(new PacketDecoder(ProtocolDefinition.Default, [99, 40000]).DecodeFrame(frame).Seen);
    }
}

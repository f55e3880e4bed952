using System.Net;
using CustomProto.Bpf;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>What the in-kernel sender is given.</summary>
public sealed class SendTemplateTests
{
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 17)]
    [InlineData(500, 516)]
    public void A_stamp_counts_as_data(int length, int expected)
    {
        var payload = Stamps.Append(ProtocolDefinition.Default, MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, new byte[length]));

        Assert.Equal(6 + expected, payload.Length);
        Assert.Equal((byte)(expected >> 8), payload[4]);
        Assert.Equal((byte)expected, payload[5]);
    }

    [Theory]
    [InlineData(new byte[] { 0xCA, 0xFE, 1 })]
    [InlineData(new byte[] { 0xCA, 0xFE, 1, 1, 0, 9, 1, 2 })]
    [InlineData(new byte[] { 0xCA, 0xFE, 1, 1, 0, 1, 1, 2 })]
    public void What_is_no_whole_message_has_no_place_for_one(byte[] payload) =>
        Assert.Equal("NoRoomForStamp", Assert.Throws<CustomProtoException>(() => Stamps.Append(ProtocolDefinition.Default, payload)).ErrorId);

    [Fact]
    public void A_number_stands_for_every_place()
    {
        var elf = EmbeddedObject.Read("send");
        foreach (var place in Enum.GetValues<Abi.SendPlace>())
        {
            InstructionPatch.Replace(elf, "send", (int)place, 99);

            Assert.Throws<InvalidOperationException>(() => InstructionPatch.Replace(elf, "send", (int)place, 99));
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", new int[0], 34)]
    [InlineData("192.0.2.1", "192.0.2.2", new[] { 1, 2 }, 42)]
    [InlineData("2001:db8::1", "2001:db8::2", new[] { 1 }, 58)]
    public void Places_are_where_the_headers_end(string source, string destination, int[] tags, int udp)
    {
        var headers = new FrameHeaders
        {
            SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
            DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
            Source = InternetAddress.From(IPAddress.Parse(source)),
            Destination = InternetAddress.From(IPAddress.Parse(destination)),
            SourcePort = 40000,
            DestinationPort = 12345,
            VlanId = tags,
            Ttl = 64,
        };
        var options = new SendOptions { Destination = IPAddress.Parse(destination), Transport = Transport.Xdp, TypeCycle = [MessageType.Request] };

        var template = new SendTemplate(headers, options, interfaceIndex: 7, isPaced: false, new byte[6 + 16 + 3]);

        Assert.Equal(new SendLayout(udp + 8 + 25, udp, udp + 8 + 3, udp + 8 + 25 - 16, udp + 8 + 25 - 16 - 32), template.Layout);
        Assert.Equal(template.Layout.End, template.Frame.Length);
    }

    [Theory]
    [InlineData(DataPattern.Zero, new byte[] { 0, 0, 0, 0 })]
    [InlineData(DataPattern.Increment, new byte[] { 0, 1, 2, 3 })]
    public void A_pattern_is_what_its_name_says(DataPattern pattern, byte[] expected) => Assert.Equal(expected, DataPatterns.Make(pattern, 4));
}

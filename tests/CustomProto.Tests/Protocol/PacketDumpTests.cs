using System.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Protocol;

/// <summary>Packets taken apart for a person: nothing is left out, nothing is made up, and nothing reaches a terminal raw.</summary>
public sealed class PacketDumpTests
{
    static readonly CustomMessage s_message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "Hi\e[2J"u8);

    static readonly int[] s_tags = [100, 200];

    [Fact]
    public void Payload_is_shown_by_the_definition()
    {
        var lines = PacketDump.OfPayload(ProtocolDefinition.Default, [.. FrameEncoder.EncodePayload(s_message), 0, 7]).Select(line => line.ToString());

        Assert.Equal(
            [
                "0000  ca fe                                            CustomProto Magic          0xCAFE",
                "0002  01                                               CustomProto Version        1",
                "0003  02                                               CustomProto Type           2 (Response)",
                "0004  00 06                                            CustomProto Length         6",
                "0006  48 69 1b 5b 32 4a                                Data                       Hi.[2J",
                "000c  00 07                                            (trailing bytes)           ..",
            ],
            lines);
    }

    [Fact]
    public void Other_definitions_are_shown_by_theirs()
    {
        var protocol = new ProtocolDefinition(
            "mine", [9], 8, [new ProtocolField("size", 1, 2, FieldRole.Length), new ProtocolField("color", 4, 4)], ByteOrder.LittleEndian, lengthCountsHeader: true);

        var lines = PacketDump.OfPayload(protocol, [7, 9, 0, 8, 1, 2, 3, 4, 65, 66]);

        Assert.Equal(
            ["mine (unused) ", "mine size 9", "mine (unused) ", "mine color 0x04030201", "Data A", "(trailing bytes) B"],
            lines.Select(line => $"{line.Field} {line.Value}"));
    }

    [Theory]
    [InlineData("192.0.2.2", 0)]
    [InlineData("192.0.2.2", 2)]
    [InlineData("2001:db8::2", 1)]
    public void Every_byte_of_a_frame_has_a_name(string destination, int tags)
    {
        var frame = FrameEncoder.Encode(s_message, new FrameOptions { DestinationAddress = IPAddress.Parse(destination), VlanId = s_tags[..tags] })[0];

        var lines = PacketDump.OfFrame(ProtocolDefinition.Default, frame);

        AssertWhole(frame, lines);
        Assert.DoesNotContain(lines, line => line.Field.StartsWith('('));
        Assert.Equal("right", lines.Single(line => line.Field == "UDP checksum").Value);
        Assert.Equal(tags, lines.Count(line => line.Field == "VLAN priority, id"));
    }

    /// <summary>Whatever a seed makes of a frame, and wherever it ends, each byte is shown once, in its order.</summary>
    [Theory]
    [InlineData("192.0.2.2")]
    [InlineData("2001:db8::2")]
    public void Frames_that_are_wrong_are_shown_whole(string destination)
    {
        var whole = FrameEncoder.Encode(s_message, new FrameOptions { DestinationAddress = IPAddress.Parse(destination) })[0];
        var mutator = new PacketMutator(ProtocolDefinition.Default, Environment.TickCount);
        for (var i = 0; i < 3000; i++)
        {
            foreach (var frame in mutator.Next(whole).Frames)
            {
                AssertWhole(frame, PacketDump.OfFrame(ProtocolDefinition.Default, frame));
                var payload = frame[(i % frame.Length)..];
                AssertWhole(payload, PacketDump.OfPayload(ProtocolDefinition.Default, payload));
            }
        }
    }

    [Fact]
    public void Much_data_is_cut_and_said_to_be()
    {
        var lines = PacketDump.OfPayload(ProtocolDefinition.Default, FrameEncoder.EncodePayload(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, new byte[5000])));

        Assert.Equal("0106                                                   Data                       (another 4,744 bytes)", lines[^1].ToString());
    }

    static void AssertWhole(byte[] bytes, IReadOnlyList<PacketDumpLine> lines)
    {
        Assert.True(bytes.AsSpan().SequenceEqual(lines.SelectMany(line => line.Bytes).ToArray()), Convert.ToHexStringLower(bytes));
        Assert.All(lines, line => Assert.DoesNotContain($"{line.Field}{line.Value}", char.IsControl));
    }
}

using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class MessageEncoderTests
{
    [Theory]
    [InlineData(MessageType.Request, "", "cafe01010000")]
    [InlineData(MessageType.Request, "Hello Worl", "cafe0101000a48656c6c6f20576f726c")] // the tutorial's packet without its 11th byte
    [InlineData(MessageType.Response, "ok", "cafe010200026f6b")]
    [InlineData(MessageType.None, "a", "cafe0100000161")]
    [InlineData((MessageType)255, "a", "cafe01ff000161")]
    public void A_message_of_the_default_protocol_has_these_bytes(MessageType type, string text, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(MessageEncoder.Encode(ProtocolDefinition.Default, type, System.Text.Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void The_tutorials_packet_is_its_message_with_one_byte_more()
    {
        var tutorial = Convert.FromHexString("cafe0101000a48656c6c6f20576f726c64");

        var message = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, "Hello World"u8[..10]);

        Assert.Equal(tutorial[..^1], message);
        Assert.Equal((byte)'d', tutorial[^1]);
    }

    [Fact]
    public void A_little_endian_protocol_turns_every_field_of_several_bytes_round()
    {
        var definition = new ProtocolDefinition(
            "little",
            [1],
            16,
            [
                new("Magic", 1, 4, FieldRole.Magic, 0xDEADBEEF),
                new("Version", 5, 2, FieldRole.Version, 0x0102),
                new("Kind", 7, 1, FieldRole.Type),
                new("Size", 9, 4, FieldRole.Length),
            ],
            ByteOrder.LittleEndian);

        Assert.Equal("00efbeadde0201070003000000000000616263", Convert.ToHexStringLower(MessageEncoder.Encode(definition, (MessageType)7, "abc"u8)));
    }

    [Fact]
    public void A_length_that_counts_the_header_does()
    {
        var definition = Counting(width: 2, countsHeader: true);

        Assert.Equal("000b000000000000616263", Convert.ToHexStringLower(MessageEncoder.Encode(definition, default, "abc"u8)));
        Assert.Equal("0008000000000000", Convert.ToHexStringLower(MessageEncoder.Encode(definition, default, default)));
    }

    [Fact]
    public void Plain_fields_and_bytes_that_no_field_covers_become_zero()
    {
        var definition = new ProtocolDefinition("gaps", [1], 8, [new("Kind", 3, 1, FieldRole.Type), new("Sequence", 4, 2)]);
        var payload = new byte[12];
        payload.AsSpan().Fill(0xff);

        Assert.Equal(10, MessageEncoder.Encode(definition, MessageType.Request, "ab"u8, payload));

        Assert.Equal("00000001000000006162ffff", Convert.ToHexStringLower(payload));
    }

    [Fact]
    public void A_type_is_not_written_where_the_protocol_has_none() =>
        Assert.Equal("0161", Convert.ToHexStringLower(MessageEncoder.Encode(new("short", [1], 1, [new("Size", 0, 1, FieldRole.Length)]), (MessageType)9, "a"u8)));

    [Theory]
    [InlineData(1, false, 255)]
    [InlineData(1, true, 247)]
    [InlineData(2, false, 65535)]
    [InlineData(2, true, 65527)]
    public void Data_is_as_long_as_the_length_field_can_say_and_no_longer(int width, bool countsHeader, int most)
    {
        var definition = Counting(width, countsHeader);

        var fits = MessageEncoder.Encode(definition, default, new byte[most]);
        var refusal = Assert.Throws<CustomProtoException>(() => MessageEncoder.Encode(definition, default, new byte[most + 1]));

        Assert.Equal(definition.Length!.MaxValue, definition.Read(definition.Length, fits));
        Assert.Equal((FailureKind.LimitExceeded, "DataTooLong"), (refusal.Kind, refusal.ErrorId));
        Assert.Equal(
            $"{most + 1} bytes of data don't fit the {width}-byte field 'Size' of the protocol 'counting'. Send at most {most} bytes in a message.",
            refusal.Message);
    }

    [Fact]
    public void A_buffer_that_is_too_short_is_the_callers_mistake()
    {
        Assert.ThrowsAny<ArgumentException>(() => MessageEncoder.Encode(ProtocolDefinition.Default, default, "abc"u8, new byte[5]));
        Assert.ThrowsAny<ArgumentException>(() => MessageEncoder.Encode(ProtocolDefinition.Default, default, "abc"u8, new byte[8]));
    }

    [Fact]
    public void Encoding_into_a_buffer_allocates_nothing()
    {
        var data = new byte[1000];
        var payload = new byte[1006];
        MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, data, payload);

        Assert.Equal(0, Allocation.LeastOf(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, data, payload);
            }
        }));
    }

    static ProtocolDefinition Counting(int width, bool countsHeader) =>
        new("counting", [1], 8, [new("Size", 0, width, FieldRole.Length)], lengthCountsHeader: countsHeader);
}

using CustomProto.Net;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Tests.Net;

public sealed class NetlinkMessageTests
{
    [Fact]
    public void What_the_writer_writes_the_readers_read()
    {
        var writer = new NetlinkMessageWriter(stackalloc byte[128], RTM_GETLINK);
        writer.Append(new LinkMessage { Index = 7 });
        writer.Attribute(IFLA_IFNAME, "eth0\0"u8);
        writer.Attribute(IFLA_MTU, 1500);

        var messages = new NetlinkMessageReader(writer.Complete(NLM_F_REQUEST, 42));

        Assert.True(messages.MoveNext());
        Assert.Equal((RTM_GETLINK, NLM_F_REQUEST, 42u), (messages.Type, messages.Flags, messages.Sequence));
        Assert.Equal(7, NetlinkMessageReader.ReadHeader<LinkMessage>(messages.Body, out var attributes).Index);
        Assert.True(attributes.MoveNext());
        Assert.Equal((IFLA_IFNAME, "eth0"), (attributes.Type, attributes.ReadText()));
        Assert.True(attributes.MoveNext());
        Assert.Equal((IFLA_MTU, 1500), (attributes.Type, attributes.Read<int>()));
        Assert.False(attributes.MoveNext());
        Assert.False(messages.MoveNext());
    }

    [Fact]
    public void Padding_is_cleared()
    {
        Span<byte> buffer = stackalloc byte[64];
        buffer.Fill(0xff);
        var writer = new NetlinkMessageWriter(buffer, RTM_GETLINK);
        writer.Attribute(IFLA_IFNAME, "a"u8);

        Assert.Equal([5, 0, 3, 0, (byte)'a', 0, 0, 0], writer.Complete(0, 0)[16..].ToArray());
    }

    [Theory]
    [InlineData("10000000")] // cut off in the header
    [InlineData("0f000000100000000000000000000000")] // shorter than a header
    [InlineData("11000000100000000000000000000000")] // longer than the datagram
    [InlineData("ffffffff100000000000000000000000")]
    public void A_message_whose_length_is_wrong_is_invalid_data(string datagram) => AssertInvalidData(() =>
    {
        var messages = new NetlinkMessageReader(Convert.FromHexString(datagram));
        while (messages.MoveNext())
        {
        }
    });

    [Theory]
    [InlineData("0400")] // cut off in the header
    [InlineData("03000100")] // shorter than a header: would never end
    [InlineData("00000000")]
    [InlineData("05000100")] // longer than what is left
    [InlineData("ffff0100")]
    [InlineData("0400010005000100000000000400")] // half a header follows the second one
    public void An_attribute_whose_length_is_wrong_is_invalid_data(string bytes) => AssertInvalidData(() =>
    {
        var attributes = new NetlinkAttributeReader(Convert.FromHexString(bytes));
        while (attributes.MoveNext())
        {
        }
    });

    [Fact]
    public void A_value_that_is_too_short_is_invalid_data()
    {
        AssertInvalidData(() => First("06000400ffff").Read<int>());
        AssertInvalidData(() => First("06000400ffff").ReadAddress(0));
        AssertInvalidData(() => First("04000400").ReadAddress(0));
    }

    [Fact]
    public void Flags_beside_the_attribute_type_are_left_out() => Assert.Equal(IFLA_XDP, First("04002b80").Type);

    [Fact]
    public void Text_ends_with_the_first_zero_or_with_the_attribute()
    {
        Assert.Equal("ab", First("0800030061620063").ReadText());
        Assert.Equal("ab", First("0600030061620000").ReadText());
        Assert.Equal("", First("04000300").ReadText());
    }

    [Fact]
    public void A_refusal_gives_the_error_number_and_the_kernels_words()
    {
        var error = ReadError(Recordings.RefusalWithWords);

        Assert.Equal(new NetlinkError(34, "Attribute failed policy validation"), error);
        var exception = error.ToException(Native.Operation.QueryNetwork, "the network interface 'x'");
        Assert.Contains("(ERANGE): Attribute failed policy validation.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_without_words_gives_the_error_number() =>
        Assert.Equal(new NetlinkError(19, null), ReadError(Recordings.RefusalWithRequest));

    [Fact]
    public void A_refusal_that_repeats_the_request_has_its_words_behind_it()
    {
        var recorded = Recordings.RefusalWithRequest;
        byte[] body = [.. recorded[16..], 7, 0, 1, 0, (byte)'n', (byte)'o', 0, 0];

        Assert.Equal(new NetlinkError(19, "no"), NetlinkError.Parse(NLMSG_ERROR, NLM_F_ACK_TLVS, body));
    }

    [Fact]
    public void An_acknowledgement_is_no_error() =>
        Assert.False(NetlinkError.Parse(NLMSG_ERROR, NLM_F_CAPPED, new byte[20]).IsError);

    [Fact]
    public void The_end_of_a_dump_may_carry_an_error()
    {
        Assert.False(NetlinkError.Parse(NLMSG_DONE, 0, []).IsError);
        Assert.Equal(22, NetlinkError.Parse(NLMSG_DONE, 0, BitConverter.GetBytes(-22)).Errno);
    }

    [Fact]
    public void No_damage_to_a_refusal_does_more_than_fail()
    {
        Damage.ForEach(Recordings.RefusalWithWords, datagram => ReadError(datagram));
        Damage.ForEach(Recordings.RefusalWithRequest, datagram => ReadError(datagram));
    }

    static NetlinkError ReadError(byte[] datagram)
    {
        var messages = new NetlinkMessageReader(datagram);
        return messages.MoveNext() ? NetlinkError.Parse(messages.Type, messages.Flags, messages.Body) : default;
    }

    static NetlinkAttributeReader First(string bytes)
    {
        var attributes = new NetlinkAttributeReader(Convert.FromHexString(bytes));
        Assert.True(attributes.MoveNext());
        return attributes;
    }

    static void AssertInvalidData(Action action) => Assert.Equal(FailureKind.InvalidData, Assert.Throws<CustomProtoException>(action).Kind);
}

using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.Tests.Receive;

/// <summary>What filters may say; what they do is tested in the kernel.</summary>
public sealed class ReaderFilterTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("192.0.2.7/32", "192.0.2.7")]
    [InlineData("192.0.2.7/24", "192.0.2.7/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8::/32", "2001:db8::/32")]
    [InlineData("::1/128", "::1")]
    public void Ranges_are_read(string text, string shown) => Assert.Equal(shown, AddressRange.Parse(text).ToString());

    [Theory]
    [InlineData("", "InvalidAddress")]
    [InlineData("5", "InvalidAddress")]
    [InlineData("host", "InvalidAddress")]
    [InlineData("192.0.2.7/", "InvalidAddress")]
    [InlineData("192.0.2.7/ 8", "InvalidAddress")]
    [InlineData("192.0.2.7/-1", "InvalidAddress")]
    [InlineData("fe80::1%1", "InvalidAddress")]
    [InlineData("192.0.2.7/33", "InvalidPrefixLength")]
    [InlineData("::/129", "InvalidPrefixLength")]
    public void Other_texts_are_refused(string text, string id) =>
        Assert.Equal((FailureKind.InvalidArgument, id), Assert.Throws<CustomProtoException>(() => AddressRange.Parse(text)) is var refused ? (refused.Kind, refused.ErrorId) : default);

    public static TheoryData<string, string, ReaderFilter> Impossible => new()
    {
        { "UnknownField", "'Magic', 'Version', 'Type', 'Length'", new ReaderFilter { Fields = new Dictionary<string, ulong> { ["Session"] = 1 } } },
        { "FieldValueTooLarge", "0 to 65535", new ReaderFilter { Fields = new Dictionary<string, ulong> { ["length"] = 65536 } } },
        { "DataPrefixTooLong", "32 at most", new ReaderFilter { DataPrefix = new byte[33] } },
        { "InvalidSample", "One in 0", new ReaderFilter { Sample = 0 } },
        { "InvalidPort", "65536 is no source port", new ReaderFilter { SourcePorts = [65536] } },
        { "InvalidPort", "-1 is no destination port", new ReaderFilter { DestinationPorts = [-1] } },
        { "TooManyAlternatives", "5 source ports: 4", new ReaderFilter { SourcePorts = [1, 2, 3, 4, 5] } },
        { "TooManyAlternatives", "5 source addresses", new ReaderFilter { SourceAddresses = [.. Enumerable.Repeat(AddressRange.Parse("::1"), 5)] } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_cannot_be_is_said_once_and_clearly(string id, string words, ReaderFilter filter)
    {
        var refused = Assert.Throws<CustomProtoException>(() => FilterEncoder.Encode(filter, ProtocolDefinition.Default));
        Assert.Equal((FailureKind.InvalidArgument, id), (refused.Kind, refused.ErrorId));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Protocol_without_types_has_none_to_filter_by()
    {
        var protocol = new ProtocolDefinition("Bare", [9], 2, [new ProtocolField("Magic", 0, 2, FieldRole.Magic, 1)]);
        Assert.Equal("NoTypeField", Assert.Throws<CustomProtoException>(() => FilterEncoder.Encode(new ReaderFilter { Types = [MessageType.Request] }, protocol)).ErrorId);
    }

    [Fact]
    public void Filter_that_keeps_nothing_out_is_known()
    {
        Assert.True(FilterEncoder.KeepsAll(FilterEncoder.Encode(ReaderFilter.None, ProtocolDefinition.Default)));
        Assert.True(FilterEncoder.KeepsAll(FilterEncoder.Encode(new ReaderFilter { IncludeRejected = true }, ProtocolDefinition.Default)));
        Assert.False(FilterEncoder.KeepsAll(FilterEncoder.Encode(new ReaderFilter { Sample = 2 }, ProtocolDefinition.Default)));
        Assert.False(FilterEncoder.KeepsAll(FilterEncoder.Encode(new ReaderFilter { Fields = new Dictionary<string, ulong> { ["Length"] = 0 } }, ProtocolDefinition.Default)));
    }
}

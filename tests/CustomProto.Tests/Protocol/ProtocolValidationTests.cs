using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class ProtocolValidationTests
{
    static readonly ProtocolField s_magic = new("Magic", 0, 2, FieldRole.Magic, 0xCAFE);

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    [InlineData(null)]
    public void A_protocol_has_a_name(string? name) =>
        AssertRefused(() => new(name!, [1], 2, [s_magic]), "it has no name", "Give it one.");

    [Fact]
    public void A_protocol_has_one_to_four_ports()
    {
        AssertRefused(() => new("x", [], 2, [s_magic]), "it has 0 ports", "Give it 1 to 4.");
        AssertRefused(() => new("x", [1, 2, 3, 4, 5], 2, [s_magic]), "it has 5 ports", "Give it 1 to 4.");
        Assert.Equal(4, new ProtocolDefinition("x", [1, 2, 3, 4], 2, [s_magic]).Ports.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65536)]
    public void A_port_is_one_of_UDP(int port) =>
        AssertRefused(() => new("x", [1, port], 2, [s_magic]), $"{port} is not a UDP port", "Ports are 1 to 65535.");

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(65)]
    public void A_header_has_one_to_sixty_four_bytes(int size)
    {
        AssertRefused(() => new("x", [1], size, []), $"its header has {size} bytes", "A header has 1 to 64.");
        Assert.Equal(64, new ProtocolDefinition("x", [65535], 64, []).HeaderSize);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_field_has_a_name(string name) =>
        AssertRefusedField(new(name, 3, 1), "the field at offset 3 has no name", "Give it one.");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(16)]
    public void A_field_has_a_width_of_whole_integers(int width) =>
        AssertRefusedField(new("Size", 0, width), $"the field 'Size' has {width} bytes", "A field has 1, 2, 4 or 8.");

    [Theory]
    [InlineData(-1, 1, "ends at byte 0")]
    [InlineData(-4, 8, "ends at byte 4")]
    [InlineData(16, 1, "ends at byte 17")]
    [InlineData(15, 2, "ends at byte 17")]
    [InlineData(9, 8, "ends at byte 17")]
    [InlineData(int.MaxValue, 1, "ends at byte 2147483648")]
    [InlineData(int.MaxValue - 7, 8, "ends at byte 2147483648")]
    public void A_field_lies_within_the_header(int offset, int width, string problem) => AssertRefusedField(
        new("Far", offset, width), $"the field 'Far' {problem} of a header of 16", "Correct its offset, its width or the header's size.");

    [Theory]
    [InlineData(FieldRole.Type, 2, 1)]
    [InlineData(FieldRole.Type, 8, 1)]
    [InlineData(FieldRole.Length, 8, 4)]
    public void Type_and_length_are_no_wider_than_what_uses_them(FieldRole role, int width, int most) =>
        AssertRefusedField(new("Wide", 0, width, role), $"the {role} field 'Wide' has {width} bytes", $"It can have at most {most}.");

    [Theory]
    [InlineData(FieldRole.Type, 1)]
    [InlineData(FieldRole.Length, 4)]
    [InlineData(FieldRole.Plain, 8)]
    public void A_field_may_be_as_wide_as_its_role_allows(FieldRole role, int width) =>
        Assert.Single(new ProtocolDefinition("x", [1], 16, [new("Wide", 8, width, role)]).Fields);

    [Theory]
    [InlineData(FieldRole.Magic)]
    [InlineData(FieldRole.Version)]
    public void Magic_and_version_have_a_value(FieldRole role)
    {
        AssertRefusedField(new("Fixed", 0, 1, role), $"the {role} field 'Fixed' has no value", "Magic and version fields have a value, others don't.");
        Assert.Single(new ProtocolDefinition("x", [1], 8, [new("Fixed", 0, 8, role, ulong.MaxValue)]).Fields);
    }

    [Theory]
    [InlineData(FieldRole.Type)]
    [InlineData(FieldRole.Length)]
    [InlineData(FieldRole.Plain)]
    public void Other_fields_have_none(FieldRole role) => AssertRefusedField(
        new("Free", 0, 1, role, 0), $"the {role} field 'Free' has a fixed value", "Magic and version fields have a value, others don't.");

    [Theory]
    [InlineData(1, 0x100UL)]
    [InlineData(2, 0x10000UL)]
    [InlineData(4, 0x1_0000_0000UL)]
    public void A_value_fits_its_field(int width, ulong value)
    {
        AssertRefusedField(
            new("Fixed", 0, width, FieldRole.Magic, value),
            $"the value {value} of the field 'Fixed' needs more than {width} bytes",
            "Correct its value or its width.");
        Assert.Single(new ProtocolDefinition("x", [1], 8, [new("Fixed", 0, width, FieldRole.Magic, value - 1)]).Fields);
    }

    [Fact]
    public void Fields_do_not_overlap()
    {
        AssertRefusedField(s_magic with { Offset = 1 }, "the fields 'Other' and 'Magic' overlap at byte 2", "Correct their offsets.", [new("Other", 2, 4)]);
        AssertRefusedField(new("Inner", 3, 1), "the fields 'Other' and 'Inner' overlap at byte 3", "Correct their offsets.", [new("Other", 2, 4)]);
        Assert.Equal(2, new ProtocolDefinition("x", [1], 4, [s_magic, new("Next", 2, 2)]).Fields.Count);
    }

    [Fact]
    public void Names_of_fields_differ_by_more_than_case() =>
        AssertRefusedField(new("SIZE", 0, 1), "two fields are called 'Size'", "Give each its own name.", [new("Size", 1, 1)]);

    [Theory]
    [InlineData(FieldRole.Magic)]
    [InlineData(FieldRole.Version)]
    [InlineData(FieldRole.Type)]
    [InlineData(FieldRole.Length)]
    public void There_is_one_field_of_each_role(FieldRole role)
    {
        ulong? value = role is FieldRole.Magic or FieldRole.Version ? 1 : null;

        AssertRefusedField(new("A", 0, 1, role, value), $"it has 2 {role} fields", "It can have one.", [new("B", 1, 1, role, value)]);
    }

    [Fact]
    public void There_may_be_many_plain_fields() =>
        Assert.Equal(64, new ProtocolDefinition("x", [1], 64, Enumerable.Range(0, 64).Select(at => new ProtocolField($"F{at}", at, 1))).Fields.Count);

    [Fact]
    public void A_refusal_names_the_protocol_and_can_be_told_from_others()
    {
        var refusal = Assert.Throws<CustomProtoException>(() => new ProtocolDefinition("Mine", [], 2, [s_magic]));

        Assert.Equal("The protocol 'Mine' can't be used: it has 0 ports. Give it 1 to 4.", refusal.Message);
        Assert.Equal("Give it 1 to 4.", refusal.Hint);
        Assert.Equal((FailureKind.InvalidArgument, "InvalidProtocol", "Mine"), (refusal.Kind, refusal.ErrorId, refusal.Target));
    }

    static void AssertRefusedField(ProtocolField field, string problem, string remedy, params ProtocolField[] before) =>
        AssertRefused(() => new("x", [1], 16, [.. before, field]), problem, remedy);

    static void AssertRefused(Func<ProtocolDefinition> make, string problem, string remedy)
    {
        var refusal = Assert.Throws<CustomProtoException>(make);
        Assert.EndsWith($"can't be used: {problem}. {remedy}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(FailureKind.InvalidArgument, refusal.Kind);
    }
}

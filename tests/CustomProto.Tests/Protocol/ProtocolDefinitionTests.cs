using System.Collections;
using System.Globalization;
using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class ProtocolDefinitionTests
{
    [Fact]
    public void The_default_definition_is_the_table_of_the_wire_format()
    {
        var definition = ProtocolDefinition.Default;

        Assert.Equal("CustomProto", definition.Name);
        Assert.Equal([12345], definition.Ports);
        Assert.Equal(6, definition.HeaderSize);
        Assert.Equal(ByteOrder.BigEndian, definition.ByteOrder);
        Assert.False(definition.LengthCountsHeader);
        Assert.Equal(
            [
                new("Magic", 0, 2, FieldRole.Magic, 0xCAFE),
                new("Version", 2, 1, FieldRole.Version, 1),
                new("Type", 3, 1, FieldRole.Type),
                new("Length", 4, 2, FieldRole.Length),
            ],
            definition.Fields);
    }

    [Fact]
    public void Fields_are_found_by_their_roles()
    {
        var definition = ProtocolDefinition.Default;

        Assert.Equal(
            ["Magic", "Version", "Type", "Length"],
            new[] { definition.Magic, definition.Version, definition.Type, definition.Length }.Select(field => field!.Name));
    }

    [Fact]
    public void A_protocol_needs_no_field()
    {
        var definition = new ProtocolDefinition("bare", [1], 1, []);

        Assert.All([definition.Magic, definition.Version, definition.Type, definition.Length], Assert.Null);
    }

    [Fact]
    public void Types_are_called_by_their_names_and_others_by_their_numbers()
    {
        Assert.Equal("Request", ProtocolDefinition.Default.TypeName(MessageType.Request));
        Assert.Equal("Response", ProtocolDefinition.Default.TypeName(MessageType.Response));
        Assert.Equal("0", ProtocolDefinition.Default.TypeName(MessageType.None));
        Assert.Equal("255", ProtocolDefinition.Default.TypeName((MessageType)255));
    }

    [Fact]
    public void A_definitions_own_type_names_take_the_place_of_the_built_in_ones()
    {
        var definition = new ProtocolDefinition("own", [1], 1, [new("Kind", 0, 1, FieldRole.Type)], typeNames: new Dictionary<byte, string> { [7] = "Alarm" });

        Assert.Equal("Alarm", definition.TypeName((MessageType)7));
        Assert.Equal("1", definition.TypeName(MessageType.Request));
    }

    [Fact]
    public void A_definition_does_not_change_with_the_lists_it_was_made_of()
    {
        var ports = new List<int> { 1 };
        var fields = new List<ProtocolField> { new("Kind", 0, 1, FieldRole.Type) };
        var names = new Dictionary<byte, string> { [7] = "Alarm" };
        var definition = new ProtocolDefinition("own", ports, 2, fields, typeNames: names);

        ports.Add(2);
        fields.Clear();
        names[7] = "changed";

        Assert.Equal([1], definition.Ports);
        Assert.Single(definition.Fields);
        Assert.Equal("Alarm", definition.TypeName((MessageType)7));
    }

    [Fact]
    public void The_lists_of_a_definition_cannot_be_changed()
    {
        Assert.Throws<NotSupportedException>(() => ((IList)ProtocolDefinition.Default.Ports)[0] = 1);
        Assert.Throws<NotSupportedException>(() => ((IList)ProtocolDefinition.Default.Fields).Clear());
        Assert.Throws<NotSupportedException>(() => ((IDictionary<byte, string>)ProtocolDefinition.Default.TypeNames).Clear());
    }

    [Fact]
    public void It_shows_as_its_name() => Assert.Equal("CustomProto", ProtocolDefinition.Default.ToString());

    /// <summary>Odd offsets, so that a read that needs alignment or takes a neighbour's byte is seen.</summary>
    public static TheoryData<int, int, ByteOrder> FieldPlaces
    {
        get
        {
            var data = new TheoryData<int, int, ByteOrder>();
            foreach (var width in (int[])[1, 2, 4, 8])
            {
                foreach (var offset in (int[])[0, 1, 3, 5, 13, ProtocolDefinition.MaxHeaderSize - width])
                {
                    data.Add(width, offset, ByteOrder.BigEndian);
                    data.Add(width, offset, ByteOrder.LittleEndian);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(FieldPlaces))]
    public void What_is_written_to_a_field_is_read_back_and_stands_in_the_protocols_byte_order(int width, int offset, ByteOrder order)
    {
        var field = new ProtocolField("Value", offset, width);
        var definition = new ProtocolDefinition("places", [1], ProtocolDefinition.MaxHeaderSize, [field], order);
        var value = 0x8182838485868788UL & field.MaxValue;
        var digits = Convert.FromHexString(value.ToString($"x{2 * width}", CultureInfo.InvariantCulture));
        if (order == ByteOrder.LittleEndian)
        {
            Array.Reverse(digits);
        }

        var header = new byte[ProtocolDefinition.MaxHeaderSize];
        header.AsSpan().Fill(0x55);
        definition.Write(field, header, value);

        Assert.Equal(digits, header.AsSpan(offset, width).ToArray());
        Assert.Equal(ProtocolDefinition.MaxHeaderSize - width, header.Count(one => one == 0x55));
        Assert.Equal(value, definition.Read(field, header));

        definition.Write(field, header, field.MaxValue);
        Assert.Equal(field.MaxValue, definition.Read(field, header));
        definition.Write(field, header, 0);
        Assert.Equal(0UL, definition.Read(field, header));
    }

    [Fact]
    public void Bits_that_do_not_fit_are_cut_off()
    {
        var field = new ProtocolField("Value", 1, 2);
        var definition = new ProtocolDefinition("cut", [1], 4, [field]);
        var header = new byte[4];

        definition.Write(field, header, 0xABCDEF);

        Assert.Equal([0, 0xCD, 0xEF, 0], header);
    }

    [Fact]
    public void A_header_that_is_too_short_for_the_field_is_the_callers_mistake()
    {
        var definition = ProtocolDefinition.Default;

        Assert.ThrowsAny<ArgumentException>(() => definition.Read(definition.Length!, new byte[5]));
        Assert.ThrowsAny<ArgumentException>(() => definition.Write(definition.Length!, new byte[5], 0));
    }

    [Theory]
    [InlineData(1, 0xffUL)]
    [InlineData(2, 0xffffUL)]
    [InlineData(4, 0xffffffffUL)]
    [InlineData(8, ulong.MaxValue)]
    public void A_fields_largest_value_follows_from_its_width(int width, ulong largest) =>
        Assert.Equal(largest, new ProtocolField("Value", 0, width).MaxValue);
}

using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

public sealed class BtfTests
{
    const uint Integer = 1 << 24;
    const uint Pointer = 2 << 24;
    const uint Array = 3 << 24;
    const uint Struct = 4 << 24;
    const uint Enum = 6 << 24;
    const uint Typedef = 8 << 24;
    const uint Const = 10 << 24;
    const uint BitFields = 1u << 31;

    [Fact]
    public void Members_have_offsets_and_sizes_in_bytes_through_typedefs_qualifiers_pointers_and_arrays()
    {
        // Strings: 1 "s", 3 "a", 5 "b", 7 "c", 9 "d".
        var btf = Parse(
            [
                0, Integer, 4, 32, // 1: int
                1, Struct | 4, 32, // 2: struct s
                3, 1, 0, //             int a
                5, 4, 64, //            typedef const int b
                7, 5, 128, //           void *c
                9, 6, 192, //           int d[3]
                0, Const, 1, // 3
                0, Typedef, 3, // 4
                0, Pointer, 0, // 5
                0, Array, 0, 1, 1, 3, // 6
            ],
            "\0s\0a\0b\0c\0d\0"u8);

        Assert.Equal(32, btf.Structs["s"].Size);
        Assert.Equal([new("a", 0, 4), new("b", 8, 4), new("c", 16, 8), new("d", 24, 12)], btf.Structs["s"].Members);
    }

    [Fact]
    public void With_bit_fields_the_offsets_share_their_word_with_widths()
    {
        var btf = Parse([0, Integer, 4, 32, 1, BitFields | Struct | 1, 8, 3, 1, (4u << 24) | 32], "\0s\0a\0"u8);

        Assert.Equal([new("a", 4, 4)], btf.Structs["s"].Members);
    }

    [Fact]
    public void Enumerators_have_signed_values()
    {
        var btf = Parse([1, Enum | 2, 4, 3, 7, 5, uint.MaxValue], "\0e\0A\0B\0"u8);

        Assert.Equal(new Dictionary<string, int> { ["A"] = 7, ["B"] = -1 }, btf.Enums["e"]);
    }

    [Fact]
    public void Types_that_go_in_circles_have_no_size()
    {
        var btf = Parse([0, Typedef, 2, 0, Const, 1, 1, Struct | 1, 8, 3, 1, 0, 0, Array, 0, 4, 4, 2], "\0s\0a\0"u8);

        Assert.Equal([new("a", 0, 0)], btf.Structs["s"].Members);
    }

    [Theory]
    [InlineData("", "it has no BTF")]
    [InlineData("9feb0100 18000000 00000000 00000000 00000000 000000", "it has no BTF")] // a header less one byte
    [InlineData("9eeb0100 18000000 00000000 00000000 00000000 00000000", "it has no BTF")] // another magic
    [InlineData("eb9f0100 18000000 00000000 00000000 00000000 00000000", "it has no BTF")] // another byte order
    [InlineData("9feb0100 18000000 00000000 01000000 00000000 00000000", "its BTF is cut")] // types past the end
    [InlineData("9feb0100 18000000 00000000 00000000 00000000 01000000", "its BTF is cut")] // strings past the end
    [InlineData("9feb0100 ffffffff ffffffff 00000000 00000000 00000000", "its BTF is cut")] // a sum that overflows
    [InlineData("9feb0100 18000000 00000000 04000000 04000000 00000000 00000000", "its BTF is cut")] // a third of a type
    [InlineData("9feb0100 18000000 00000000 0c000000 0c000000 00000000 00000000 01000004 00000000", "its BTF is cut")] // a member missing
    public void What_is_cut_is_refused(string section, string problem)
    {
        var refusal = Assert.Throws<CustomProtoException>(() => Btf.Parse(Convert.FromHexString(section.Replace(" ", "", StringComparison.Ordinal)), "x"));

        Assert.Equal((FailureKind.InvalidData, "InvalidObjectFile"), (refusal.Kind, refusal.ErrorId));
        Assert.Equal($"The BPF object 'x' can't be used: {problem}. Compile it with -g: clang -target bpf -O2 -g.", refusal.Message);
    }

    static Btf Parse(uint[] types, ReadOnlySpan<byte> strings) => Btf.Parse(BtfBuilder.Section(types, strings), "test");
}

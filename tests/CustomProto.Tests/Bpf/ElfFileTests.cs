using System.Buffers.Binary;
using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

public sealed class ElfFileTests
{
    static readonly byte[] s_object = EmbeddedObject.Read("receive");

    [Fact]
    public void Sections_are_found_by_name()
    {
        var file = ElfFile.Parse(s_object, "receive");

        Assert.Equal(0xeB9F, BinaryPrimitives.ReadUInt16LittleEndian(file.Section(".BTF")));
        Assert.Equal(0, file.Section("xdp.frags").Length % 8);
        Assert.False(file.Section("xdp.frags").IsEmpty);
        Assert.Equal("Dual MIT/GPL\0"u8, file.Section("license"));
    }

    [Fact]
    public void A_section_that_is_not_there_is_empty() => Assert.True(ElfFile.Parse(s_object, "receive").Section(".nothing").IsEmpty);

    [Theory]
    [InlineData(0, 0x7e, "it is not a 64-bit little-endian ELF file")]
    [InlineData(4, 1, "it is not a 64-bit little-endian ELF file")] // 32 bits
    [InlineData(5, 2, "it is not a 64-bit little-endian ELF file")] // big-endian
    [InlineData(18, 62, "it was compiled for another machine than BPF")]
    [InlineData(47, 0x80, "its table of sections is damaged")] // the table's place, past every file
    [InlineData(58, 65, "its table of sections is damaged")] // the size of an entry
    [InlineData(61, 0xff, "its table of sections is damaged")] // too many entries
    [InlineData(63, 0xff, "its table of sections is damaged")] // the names are in a section that isn't there
    public void A_wrong_header_is_refused(int at, byte value, string problem)
    {
        var damaged = (byte[])s_object.Clone();
        damaged[at] = value;

        var refusal = Assert.Throws<CustomProtoException>(() => ElfFile.Parse(damaged, "x"));

        Assert.Equal((FailureKind.InvalidData, "InvalidObjectFile", "x"), (refusal.Kind, refusal.ErrorId, refusal.Target));
        Assert.Equal($"The BPF object 'x' can't be used: {problem}. Compile it again: clang -target bpf -O2 -g.", refusal.Message);
    }

    [Fact]
    public void A_string_ends_with_its_zero_or_with_the_table()
    {
        Assert.Equal("ab", ElfFile.ReadString("xab\0c"u8, 1));
        Assert.Equal("c", ElfFile.ReadString("xab\0c"u8, 4));
        Assert.Equal("", ElfFile.ReadString("xab\0c"u8, 5));
        Assert.Equal("", ElfFile.ReadString("xab\0c"u8, uint.MaxValue));
    }
}

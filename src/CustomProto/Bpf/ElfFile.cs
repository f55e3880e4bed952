using System.Buffers.Binary;
using System.Text;

namespace CustomProto.Bpf;

/// <summary>The sections of a 64-bit little-endian ELF file (elf(5)). Every offset is checked before it is followed.</summary>
sealed class ElfFile
{
    const int HeaderSize = 64;
    const int SectionHeaderSize = 64;
    const int MachineBpf = 247;

    readonly Dictionary<string, Range> _sections = [];
    readonly byte[] _bytes;

    ElfFile(byte[] bytes) => _bytes = bytes;

    /// <summary>Reads the table of sections.</summary>
    /// <exception cref="CustomProtoException">The file isn't a whole BPF object.</exception>
    internal static ElfFile Parse(byte[] bytes, string name)
    {
        var span = bytes.AsSpan();
        if (span.Length < HeaderSize || !span[..6].SequenceEqual<byte>([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            throw Invalid(name, "it is not a 64-bit little-endian ELF file");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(span[18..]) != MachineBpf)
        {
            throw Invalid(name, "it was compiled for another machine than BPF");
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(span[40..]);
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(span[58..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(span[60..]);
        var nameSection = BinaryPrimitives.ReadUInt16LittleEndian(span[62..]);
        if (entrySize != SectionHeaderSize || nameSection >= count || table > (ulong)span.Length || (ulong)count * SectionHeaderSize > (ulong)span.Length - table)
        {
            throw Invalid(name, "its table of sections is damaged");
        }

        var headers = span.Slice((int)table, count * SectionHeaderSize);
        var names = Contents(headers.Slice(nameSection * SectionHeaderSize, SectionHeaderSize), span.Length)
            ?? throw Invalid(name, "its section names lie outside the file");
        var file = new ElfFile(bytes);
        for (var i = 1; i < count; i++)
        {
            var header = headers.Slice(i * SectionHeaderSize, SectionHeaderSize);
            if (Contents(header, span.Length) is { } contents)
            {
                file._sections[ReadString(span[names], BinaryPrimitives.ReadUInt32LittleEndian(header))] = contents;
            }
        }

        return file;
    }

    /// <summary>The contents of a section, or nothing where there is no such section.</summary>
    internal ReadOnlySpan<byte> Section(string name) => _sections.TryGetValue(name, out var range) ? _bytes.AsSpan(range) : default;

    /// <summary>The text at an offset of a string table, up to its terminating zero; empty for an offset outside.</summary>
    internal static string ReadString(ReadOnlySpan<byte> table, uint offset)
    {
        if (offset >= table.Length)
        {
            return "";
        }

        var text = table[(int)offset..];
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    static Range? Contents(ReadOnlySpan<byte> header, int fileLength)
    {
        const uint NoBits = 8;
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        var size = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        var occupiesNothing = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == NoBits;
        if (occupiesNothing || offset > (ulong)fileLength || size > (ulong)fileLength - offset)
        {
            return null;
        }

        return (int)offset..(int)(offset + size);
    }

    static CustomProtoException Invalid(string name, string problem) =>
        new(FailureKind.InvalidData, "InvalidObjectFile", $"The BPF object '{name}' can't be used: {problem}.", "Compile it again: clang -target bpf -O2 -g.", name);
}

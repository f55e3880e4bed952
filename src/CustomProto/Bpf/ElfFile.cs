using System.Buffers.Binary;
using System.Text;

namespace CustomProto.Bpf;

/// <summary><c>SHT_*</c> (elf.h), as far as BPF objects have them.</summary>
enum ElfSectionType : uint
{
    Unused = 0,
    Data = 1,
    Symbols = 2,
    Strings = 3,
    Zeros = 8,
    Relocations = 9,
}

/// <summary>A section's header.</summary>
readonly record struct ElfSection(
    int Index, string Name, ElfSectionType Type, ulong Flags, ulong Offset, ulong Size, uint Link, uint Info, ulong Alignment, ulong EntrySize)
{
    const ulong Executable = 0x4;

    /// <summary>Whether it has instructions.</summary>
    internal bool IsCode => Type == ElfSectionType.Data && (Flags & Executable) != 0;
}

/// <summary>
/// The sections of a 64-bit little-endian ELF file (elf(5)). Every offset is checked before it is followed; what else libbpf relies on
/// is for <see cref="ElfCheck"/>.
/// </summary>
sealed class ElfFile
{
    const int HeaderSize = 64;
    const int SectionHeaderSize = 64;
    const int MachineBpf = 247;

    readonly byte[] _bytes;
    readonly ElfSection[] _sections;

    ElfFile(byte[] bytes, ElfSection[] sections)
    {
        _bytes = bytes;
        _sections = sections;
    }

    /// <summary>The sections by index; the first is unused.</summary>
    internal IReadOnlyList<ElfSection> Sections => _sections;

    /// <summary>The file's header.</summary>
    internal ReadOnlySpan<byte> Header => _bytes.AsSpan(0, HeaderSize);

    /// <summary>Reads the table of sections.</summary>
    /// <exception cref="CustomProtoException">The file isn't a whole BPF object.</exception>
    internal static ElfFile Parse(byte[] bytes, string name)
    {
        var span = bytes.AsSpan();
        if (span.Length < HeaderSize || !span[..6].SequenceEqual<byte>([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            throw InvalidObject.Because(name, "it is not a 64-bit little-endian ELF file");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(span[18..]) != MachineBpf)
        {
            throw InvalidObject.Because(name, "it was compiled for another machine than BPF");
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(span[40..]);
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(span[58..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(span[60..]);
        var nameSection = BinaryPrimitives.ReadUInt16LittleEndian(span[62..]);
        if (entrySize != SectionHeaderSize || nameSection >= count || table > (ulong)span.Length || (ulong)count * SectionHeaderSize > (ulong)span.Length - table)
        {
            throw InvalidObject.Because(name, "its table of sections is damaged");
        }

        var headers = span.Slice((int)table, count * SectionHeaderSize);
        var names = Contents(ReadHeader(headers, nameSection, default), bytes, out var areThere);
        if (!areThere)
        {
            throw InvalidObject.Because(name, "its section names lie outside the file");
        }

        var sections = new ElfSection[count];
        for (var i = 0; i < count; i++)
        {
            sections[i] = ReadHeader(headers, i, names);
        }

        return new ElfFile(bytes, sections);
    }

    /// <summary>The contents of a section, or nothing where there is no such section; of several with a name, the last that has any.</summary>
    internal ReadOnlySpan<byte> Section(string name)
    {
        for (var i = _sections.Length - 1; i > 0; i--)
        {
            if (_sections[i].Name == name && Contents(_sections[i], _bytes, out var areThere) is var contents && areThere)
            {
                return contents;
            }
        }

        return default;
    }

    /// <summary>The contents of a section; nothing for one that has none in the file.</summary>
    internal ReadOnlySpan<byte> Contents(ElfSection section) => Contents(section, _bytes, out _);

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

    static ElfSection ReadHeader(ReadOnlySpan<byte> headers, int index, ReadOnlySpan<byte> names)
    {
        var header = headers.Slice(index * SectionHeaderSize, SectionHeaderSize);
        return new ElfSection(
            index,
            ReadString(names, BinaryPrimitives.ReadUInt32LittleEndian(header)),
            (ElfSectionType)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[44..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[56..]));
    }

    static ReadOnlySpan<byte> Contents(ElfSection section, byte[] file, out bool areThere)
    {
        var length = (ulong)file.Length;
        areThere = section.Type != ElfSectionType.Zeros && section.Offset <= length && section.Size <= length - section.Offset;
        return areThere ? file.AsSpan((int)section.Offset, (int)section.Size) : default;
    }
}

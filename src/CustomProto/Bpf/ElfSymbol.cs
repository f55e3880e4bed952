using System.Buffers.Binary;

namespace CustomProto.Bpf;

/// <summary><c>STT_*</c> (elf.h).</summary>
enum ElfSymbolType
{
    None,
    Object,
    Function,
    Section,
    File,
}

/// <summary>A symbol: a function, a variable, or the name of a place.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it names.</param>
/// <param name="IsLocal">Whether it is known in its source file only (<c>static</c>).</param>
/// <param name="Section">The index of its section; 0 for one that is defined elsewhere, from <see cref="FirstReserved"/> on for none.</param>
/// <param name="Value">Its offset in the section.</param>
/// <param name="Size">Its size in bytes.</param>
readonly record struct ElfSymbol(string Name, ElfSymbolType Type, bool IsLocal, ushort Section, ulong Value, ulong Size)
{
    /// <summary>The size of an entry in the table.</summary>
    internal const int EntrySize = 24;

    /// <summary><c>SHN_LORESERVE</c>: from here on, an index means no section of the file.</summary>
    internal const ushort FirstReserved = 0xff00;

    /// <summary>Reads an entry of the table.</summary>
    internal static ElfSymbol Read(ReadOnlySpan<byte> table, int index, ReadOnlySpan<byte> names)
    {
        var entry = table.Slice(index * EntrySize, EntrySize);
        return new ElfSymbol(
            ElfFile.ReadString(names, ReadName(table, index)),
            (ElfSymbolType)(entry[4] & 0xf),
            entry[4] >> 4 == 0,
            BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));
    }

    /// <summary>Where the name of an entry begins.</summary>
    internal static uint ReadName(ReadOnlySpan<byte> table, int index) => BinaryPrimitives.ReadUInt32LittleEndian(table[(index * EntrySize)..]);
}

/// <summary>A place that refers to a symbol (<c>Elf64_Rel</c>).</summary>
/// <param name="Offset">The place's offset in its section.</param>
/// <param name="Symbol">The symbol's index.</param>
readonly record struct ElfRelocation(ulong Offset, uint Symbol)
{
    /// <summary>The size of an entry.</summary>
    internal const int EntrySize = 16;

    /// <summary>Reads the entries of a section.</summary>
    internal static ElfRelocation[] ReadAll(ReadOnlySpan<byte> contents)
    {
        var relocations = new ElfRelocation[contents.Length / EntrySize];
        for (var i = 0; i < relocations.Length; i++)
        {
            var entry = contents.Slice(i * EntrySize, EntrySize);
            relocations[i] = new ElfRelocation(BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]));
        }

        return relocations;
    }
}

using System.Buffers.Binary;
using System.Numerics;

namespace CustomProto.Bpf;

/// <summary>
/// Refuses object files that libelf and libbpf would stumble over: libbpf 1.1 believes what symbols, relocations and lengths say, and
/// takes the process with it where they lie.
/// </summary>
sealed class ElfCheck
{
    const ushort Relocatable = 1;
    const int HeaderSize = 64;
    const ulong Compressed = 0x800;
    const byte LoadImmediate = 0x18;
    const byte Call = 0x85;
    const int InstructionSize = 8;

    /// <summary>Sections of which libbpf keeps the last or the first with the name, whichever it meets.</summary>
    static readonly string[] s_single = [".BTF", ".BTF.ext", ".maps", ".text", "license", "version"];

    readonly ElfFile _file;
    readonly string _name;
    readonly HashSet<(int Section, ulong Offset)> _relocated = [];

    ElfCheck(ElfFile file, string name)
    {
        _file = file;
        _name = name;
    }

    /// <summary>Refuses a file whose sections, symbols or relocations are damaged.</summary>
    /// <returns>The file's symbols.</returns>
    /// <exception cref="CustomProtoException">The first thing that is wrong.</exception>
    internal static ElfSymbol[] Require(ElfFile file, string name)
    {
        var check = new ElfCheck(file, name);
        check.RequireHeader();
        foreach (var section in file.Sections)
        {
            check.RequireSection(section);
        }

        check.RequireSingleNames();
        var symbols = check.ReadSymbols();
        check.RequireSeparateFunctions(symbols);
        foreach (var section in file.Sections.Where(section => section.Type == ElfSectionType.Relocations))
        {
            check.RequireRelocations(section, symbols);
        }

        foreach (var section in file.Sections.Where(section => section.IsCode && section.Name != ".text"))
        {
            check.RequireRelocatedCalls(section);
        }

        return symbols;
    }

    void RequireHeader()
    {
        var header = _file.Header;
        if (header[6] != 1 || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != 1)
        {
            throw Damaged("it is an ELF file of another version");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) != Relocatable)
        {
            throw Damaged("it is a program or library, not what clang -c writes");
        }

        var hasSegments = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]) != 0 || BinaryPrimitives.ReadUInt16LittleEndian(header[56..]) != 0;
        if (hasSegments || BinaryPrimitives.ReadUInt16LittleEndian(header[52..]) != HeaderSize)
        {
            throw Damaged("its header is damaged");
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        if (table % sizeof(ulong) != 0 || _file.Sections.Count is < 2 or >= ElfSymbol.FirstReserved)
        {
            throw Damaged("its table of sections is damaged");
        }

        if (!IsText(_file.Sections[BinaryPrimitives.ReadUInt16LittleEndian(header[62..])]))
        {
            throw Damaged("its section names are damaged");
        }
    }

    void RequireSection(ElfSection section)
    {
        if (section.Index == 0)
        {
            if (section is not { Type: ElfSectionType.Unused, Flags: 0, Offset: 0, Size: 0, Link: 0, Info: 0 })
            {
                throw Damaged("its table of sections is damaged");
            }

            return;
        }

        var alignment = Math.Max(section.Alignment, 1);
        if (!BitOperations.IsPow2(alignment)
            || section.Size > int.MaxValue
            || (section.Flags & Compressed) != 0
            || (section.Type != ElfSectionType.Zeros && (section.Offset % alignment != 0 || IsOutside(section)))
            || (section.Type == ElfSectionType.Data && section.EntrySize > section.Size))
        {
            throw Damaged($"its section '{section.Name}' is damaged");
        }

        if (section.IsCode && section.Size % InstructionSize != 0)
        {
            throw Damaged($"its section '{section.Name}' isn't made of whole instructions");
        }

        if (section.Name is ".struct_ops" or "maps" && section.Size > 0)
        {
            throw Damaged(section.Name == "maps"
                ? "its maps are declared in the old way, in a section 'maps'; declare them in SEC(\".maps\")"
                : "it implements kernel structures (.struct_ops), which isn't a thing of XDP programs");
        }
    }

    bool IsOutside(ElfSection section) => section.Size > 0 && _file.Contents(section).IsEmpty;

    void RequireSingleNames()
    {
        var seen = new HashSet<string>();
        foreach (var section in _file.Sections.Skip(1).Where(section => section.IsCode || s_single.Contains(section.Name)))
        {
            if (!seen.Add(section.Name))
            {
                throw Damaged($"it has two sections '{section.Name}'");
            }
        }
    }

    bool IsText(ElfSection section)
    {
        var contents = _file.Contents(section);
        return section.Type == ElfSectionType.Strings && !contents.IsEmpty && contents[0] == 0 && contents[^1] == 0;
    }

    ElfSymbol[] ReadSymbols()
    {
        var tables = _file.Sections.Where(section => section.Type == ElfSectionType.Symbols).ToArray();
        if (tables is not [var table])
        {
            throw Damaged(tables.Length == 0 ? "it has no symbols (llvm-strip -g removes only what isn't needed)" : "it has two symbol tables");
        }

        if (table.EntrySize != ElfSymbol.EntrySize || table.Size % ElfSymbol.EntrySize != 0 || table.Link >= _file.Sections.Count || !IsText(_file.Sections[(int)table.Link]))
        {
            throw Damaged("its table of symbols is damaged");
        }

        var entries = _file.Contents(table);
        var names = _file.Contents(_file.Sections[(int)table.Link]);
        var symbols = new ElfSymbol[entries.Length / ElfSymbol.EntrySize];
        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = ElfSymbol.Read(entries, i, names);
            if (ElfSymbol.ReadName(entries, i) >= names.Length || !IsInPlace(symbols[i]))
            {
                throw Damaged($"its symbol '{symbols[i].Name}' (number {i}) is damaged");
            }
        }

        return symbols;
    }

    bool IsInPlace(ElfSymbol symbol)
    {
        if (symbol.Section is 0 or >= ElfSymbol.FirstReserved)
        {
            return symbol.Type is not (ElfSymbolType.Function or ElfSymbolType.Object) || symbol.Section == 0;
        }

        if (symbol.Section >= _file.Sections.Count)
        {
            return false;
        }

        var section = _file.Sections[symbol.Section];
        var isInside = symbol.Value <= section.Size && symbol.Size <= section.Size - symbol.Value;
        return isInside
            && (symbol.Type != ElfSymbolType.Function || !section.IsCode
                || (symbol.Value % InstructionSize == 0 && symbol.Size % InstructionSize == 0 && symbol.Size > 0));
    }

    /// <summary>libbpf looks up the function of an instruction by halving, which takes for granted that they don't overlap.</summary>
    void RequireSeparateFunctions(ElfSymbol[] symbols)
    {
        var functions = symbols
            .Where(symbol => symbol.Type == ElfSymbolType.Function && symbol.Section is > 0 and < ElfSymbol.FirstReserved)
            .OrderBy(symbol => symbol.Section)
            .ThenBy(symbol => symbol.Value)
            .ToArray();
        for (var i = 1; i < functions.Length; i++)
        {
            var (one, next) = (functions[i - 1], functions[i]);
            if (one.Section == next.Section && next.Value < one.Value + one.Size && (one.Value != next.Value || one.Size != next.Size))
            {
                throw Damaged($"its functions '{one.Name}' and '{next.Name}' overlap");
            }
        }
    }

    void RequireRelocations(ElfSection section, ElfSymbol[] symbols)
    {
        if (section.EntrySize != ElfRelocation.EntrySize
            || section.Size % ElfRelocation.EntrySize != 0
            || section.Info == 0
            || section.Info >= _file.Sections.Count
            || section.Link >= _file.Sections.Count
            || _file.Sections[(int)section.Link].Type != ElfSectionType.Symbols)
        {
            throw Damaged($"its section '{section.Name}' is damaged");
        }

        var target = _file.Sections[(int)section.Info];
        var contents = _file.Contents(target);
        foreach (var relocation in ElfRelocation.ReadAll(_file.Contents(section)))
        {
            _relocated.Add((target.Index, relocation.Offset));
            if (relocation.Symbol >= symbols.Length || !IsInPlace(relocation, target, contents, symbols))
            {
                throw Damaged(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"its section '{section.Name}' has a reference at offset {relocation.Offset} that can't be"));
            }
        }
    }

    /// <summary>
    /// A program's calls lead to other sections, so each has a reference. libbpf 1.1 frees memory twice (append_subprog_relos) when a
    /// program without any calls two functions.
    /// </summary>
    void RequireRelocatedCalls(ElfSection section)
    {
        const byte FunctionOfTheObject = 0x10;
        var code = _file.Contents(section);
        for (var at = 0; at < code.Length; at += InstructionSize)
        {
            if (code[at] == Call && (code[at + 1] & 0xf0) == FunctionOfTheObject && !_relocated.Contains((section.Index, (ulong)at)))
            {
                throw Damaged($"a call in its section '{section.Name}' leads nowhere");
            }
        }
    }

    static bool IsInPlace(ElfRelocation relocation, ElfSection target, ReadOnlySpan<byte> contents, ElfSymbol[] symbols)
    {
        if (relocation.Offset >= (ulong)contents.Length)
        {
            return false;
        }

        if (!target.IsCode)
        {
            return target.Name != ".maps" || relocation.Offset + sizeof(ulong) <= (ulong)contents.Length;
        }

        return relocation.Offset % InstructionSize == 0
            && contents[(int)relocation.Offset] is LoadImmediate or Call
            && IsWhole(contents, target.Index, relocation.Offset, symbols);
    }

    /// <summary>Whether the instruction at a place has its second half, where it needs one, in the same function.</summary>
    internal static bool IsWhole(ReadOnlySpan<byte> code, int section, ulong offset, ElfSymbol[] symbols) =>
        code[(int)offset] != LoadImmediate
        || (offset + (2 * InstructionSize) <= (ulong)code.Length
            && !Array.Exists(symbols, symbol => symbol.Section == section && symbol.Type == ElfSymbolType.Function && symbol.Value + symbol.Size == offset + InstructionSize));

    CustomProtoException Damaged(string problem) => InvalidObject.Because(_name, problem);
}

namespace CustomProto.Bpf;

/// <summary>A user's object file that was found whole: libbpf may have it.</summary>
/// <param name="Name">The object, as the user knows it.</param>
/// <param name="Bytes">The file.</param>
/// <param name="File">Its sections.</param>
/// <param name="Symbols">Its symbols.</param>
/// <param name="Types">Its types.</param>
sealed record CheckedObject(string Name, byte[] Bytes, ElfFile File, ElfSymbol[] Symbols, Btf Types)
{
    const int StructOpsMap = 26;

    /// <summary>Checks an object file from one end to the other.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="name">The object, as the user knows it.</param>
    /// <exception cref="CustomProtoException">It is no BPF object, or damaged (<see cref="FailureKind.InvalidData"/>, InvalidObjectFile).</exception>
    internal static CheckedObject Require(byte[] bytes, string name)
    {
        var file = ElfFile.Parse(bytes, name);
        var symbols = ElfCheck.Require(file, name);
        var section = file.Section(".BTF");
        var types = Btf.Parse(section, name);
        BtfCheck.Require(section, types, name);
        var @object = new CheckedObject(name, bytes, file, symbols, types);
        BtfExtCheck.Require(@object);
        @object.RequireMaps();
        return @object;
    }

    /// <summary>The description of a section's variables.</summary>
    internal BtfType? DataSection(string name) => Types.Types.FirstOrDefault(type => type.Kind == BtfKind.DataSection && type.Name == name);

    /// <summary>The functions that maps of programs hold from the beginning, for tail calls.</summary>
    internal IEnumerable<string> JumpTargets()
    {
        var maps = File.Sections.FirstOrDefault(section => section is { Index: > 0, Name: ".maps" });
        return File.Sections
            .Where(section => section.Type == ElfSectionType.Relocations && maps.Index > 0 && section.Info == maps.Index)
            .SelectMany(section => ElfRelocation.ReadAll(File.Contents(section)))
            .Select(relocation => Symbols[relocation.Symbol])
            .Where(symbol => symbol.Type == ElfSymbolType.Function)
            .Select(symbol => symbol.Name)
            .Distinct();
    }

    /// <summary>libbpf 1.1 takes a map that says it is of the struct_ops type for one that it made itself.</summary>
    void RequireMaps()
    {
        foreach (var variable in DataSection(".maps")?.Parts ?? [])
        {
            if (Types.Strip(Types.Types[(int)variable.Type].SizeOrType) is { Kind: BtfKind.Struct } definition)
            {
                RequireMap(definition, 0);
            }
        }
    }

    void RequireMap(BtfType definition, int depth)
    {
        foreach (var member in definition.Parts)
        {
            if (member.Name == "type" && PointsToArray(member.Type) is StructOpsMap)
            {
                throw InvalidObject.Because(Name, "it has a map of type BPF_MAP_TYPE_STRUCT_OPS, which isn't a thing of XDP programs");
            }

            if (member.Name == "values" && depth == 0
                && Types.Strip(member.Type) is { Kind: BtfKind.Array } array
                && Types.Strip(array.Parts[0].Type) is { Kind: BtfKind.Pointer } pointer
                && Types.Strip(pointer.SizeOrType) is { Kind: BtfKind.Struct } inner)
            {
                RequireMap(inner, depth + 1);
            }
        }
    }

    /// <summary>The number that a map's declaration hides in a type: <c>int (*type)[1]</c>.</summary>
    long? PointsToArray(uint id) =>
        Types.Strip(id) is { Kind: BtfKind.Pointer } pointer && Types.Types[(int)pointer.SizeOrType] is { Kind: BtfKind.Array } array
            ? array.Parts[0].Value
            : null;
}

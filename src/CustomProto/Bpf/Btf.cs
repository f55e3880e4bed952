using System.Buffers.Binary;

namespace CustomProto.Bpf;

/// <summary>A member of a structure: where it lies, in bytes.</summary>
sealed record BtfMember(string Name, int Offset, int Size);

/// <summary>A structure and its members.</summary>
sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);

/// <summary>
/// The types that an object's BTF describes (Documentation/bpf/btf.rst). Reading stays within the section; whether the types make sense
/// together is for <see cref="BtfCheck"/>.
/// </summary>
sealed class Btf
{
    const ushort Magic = 0xeB9F;
    const int HeaderSize = 24;
    const int TypeSize = 12;

    /// <summary>Longer chains of types than this are damage, not C (<c>MAX_RESOLVE_DEPTH</c> of the kernel).</summary>
    internal const int MaxDepth = 32;

    readonly List<BtfType> _types = [new BtfType(BtfKind.Void, "", false, 0, 0)];

    Btf()
    {
    }

    /// <summary>The types by id; 0 is <c>void</c>.</summary>
    internal IReadOnlyList<BtfType> Types => _types;

    /// <summary>The structures by name.</summary>
    internal Dictionary<string, BtfStruct> Structs { get; } = [];

    /// <summary>The enumerators of every enumeration, by the enumeration's name.</summary>
    internal Dictionary<string, Dictionary<string, int>> Enums { get; } = [];

    /// <summary>What reading passed over: a clause about "it", or nothing.</summary>
    internal string? Damage { get; private set; }

    /// <summary>Reads the contents of a <c>.BTF</c> section.</summary>
    /// <exception cref="CustomProtoException">The section is missing or cut.</exception>
    internal static Btf Parse(ReadOnlySpan<byte> section, string name)
    {
        if (section.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(section) != Magic)
        {
            throw InvalidObject.WithoutTypes(name, "it has no BTF");
        }

        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(section[4..]);
        var types = Part(section, headerLength, 8, name);
        var strings = Part(section, headerLength, 16, name);
        var btf = new Btf();
        btf.ReadTypes(types, strings, name);
        btf.Resolve();
        return btf;
    }

    /// <summary>The texts of a section that <see cref="Parse"/> took.</summary>
    internal static ReadOnlySpan<byte> Strings(ReadOnlySpan<byte> section, string name) =>
        Part(section, BinaryPrimitives.ReadUInt32LittleEndian(section[4..]), 16, name);

    /// <summary>The type behind names and qualifiers; nothing for a chain that leads nowhere.</summary>
    internal BtfType? Strip(uint id)
    {
        for (var depth = 0; depth <= MaxDepth && id < _types.Count; depth++)
        {
            var type = _types[(int)id];
            if (!type.IsAlias)
            {
                return type;
            }

            id = type.SizeOrType;
        }

        return null;
    }

    /// <summary>A type's size in bytes; 0 for one that has none.</summary>
    internal long SizeOf(uint id) => SizeOf(id, 0);

    static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> section, uint headerLength, int field, string name)
    {
        var offset = (ulong)headerLength + BinaryPrimitives.ReadUInt32LittleEndian(section[field..]);
        var length = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(section[(field + 4)..]);
        return offset + length <= (ulong)section.Length
            ? section.Slice((int)offset, (int)length)
            : throw InvalidObject.WithoutTypes(name, "its BTF is cut");
    }

    void ReadTypes(ReadOnlySpan<byte> types, ReadOnlySpan<byte> strings, string name)
    {
        while (!types.IsEmpty)
        {
            if (types.Length < TypeSize)
            {
                throw InvalidObject.WithoutTypes(name, "its BTF is cut");
            }

            var info = BinaryPrimitives.ReadUInt32LittleEndian(types[4..]);
            var kind = (BtfKind)(info >> 24 & 0x1f);
            var shape = BtfType.Shape(kind, (int)(info & 0xffff));
            if (shape is null)
            {
                Damage ??= $"its BTF has a type of a kind that isn't known ({(int)kind})";
            }

            var (count, size) = shape ?? default;
            if (types.Length - TypeSize < count * size)
            {
                throw InvalidObject.WithoutTypes(name, "its BTF is cut");
            }

            _types.Add(new BtfType(
                kind,
                ReadName(types, strings),
                info >> 31 != 0,
                BinaryPrimitives.ReadUInt32LittleEndian(types[8..]),
                (int)(info & 0xffff))
            {
                Parts = ReadParts(kind, count, size, types[TypeSize..], strings),
            });
            types = types[(TypeSize + (count * size))..];
        }
    }

    BtfPart[] ReadParts(BtfKind kind, int count, int size, ReadOnlySpan<byte> words, ReadOnlySpan<byte> strings)
    {
        var parts = count == 0 ? [] : new BtfPart[count];
        for (var i = 0; i < count; i++, words = words[size..])
        {
            var first = BinaryPrimitives.ReadUInt32LittleEndian(words);
            var second = size > 4 ? BinaryPrimitives.ReadUInt32LittleEndian(words[4..]) : 0;
            var third = size > 8 ? BinaryPrimitives.ReadUInt32LittleEndian(words[8..]) : 0;
            parts[i] = kind switch
            {
                BtfKind.Struct or BtfKind.Union => new BtfPart(ReadName(words, strings), second, third, 0),
                BtfKind.Enum => new BtfPart(ReadName(words, strings), 0, (int)second, 0),
                BtfKind.Enum64 => new BtfPart(ReadName(words, strings), 0, (long)((ulong)third << 32 | second), 0),
                BtfKind.FunctionPrototype => new BtfPart(ReadName(words, strings), second, 0, 0),
                BtfKind.DataSection => new BtfPart("", first, second, third),
                BtfKind.Array => new BtfPart("", first, third, second),
                _ => new BtfPart("", 0, first, 0),
            };
        }

        return parts;
    }

    string ReadName(ReadOnlySpan<byte> words, ReadOnlySpan<byte> strings)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(words);
        if (offset >= strings.Length)
        {
            Damage ??= "its BTF has a name outside its texts";
        }

        return offset == 0 ? "" : ElfFile.ReadString(strings, offset);
    }

    void Resolve()
    {
        foreach (var type in _types)
        {
            if (type.Name.Length == 0)
            {
                continue;
            }

            if (type.Kind == BtfKind.Struct)
            {
                var members = new BtfMember[type.Parts.Length];
                for (var i = 0; i < members.Length; i++)
                {
                    var part = type.Parts[i];
                    members[i] = new BtfMember(part.Name, (int)((part.Value & (type.Flag ? 0xffffff : uint.MaxValue)) / 8), (int)SizeOf(part.Type));
                }

                Structs[type.Name] = new BtfStruct(type.Name, (int)type.SizeOrType, members);
            }
            else if (type.Kind == BtfKind.Enum)
            {
                var values = Enums[type.Name] = [];
                foreach (var enumerator in type.Parts)
                {
                    values[enumerator.Name] = (int)enumerator.Value;
                }
            }
        }
    }

    long SizeOf(uint id, int depth)
    {
        if (id >= _types.Count || depth > MaxDepth)
        {
            return 0;
        }

        // More than 32 bits is too large for anything, and stays so in an array of it.
        const long TooLarge = 1L << 32;
        var type = _types[(int)id];
        return type.Kind switch
        {
            BtfKind.Integer or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Float => type.SizeOrType,
            BtfKind.Pointer => sizeof(ulong),
            BtfKind.Array => SizeOf(type.Parts[0].Type, depth + 1) is var element && element != 0 && type.Parts[0].Value > TooLarge / element
                ? TooLarge
                : element * type.Parts[0].Value,
            _ when type.IsAlias => SizeOf(type.SizeOrType, depth + 1),
            _ => 0,
        };
    }
}

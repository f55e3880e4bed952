using System.Buffers.Binary;

namespace CustomProto.Bpf;

/// <summary>
/// Refuses types that make no sense together: names and references that lead nowhere, types that contain themselves, sizes that C
/// doesn't have. libbpf 1.1 follows them unseen (later versions check about as much as this).
/// </summary>
sealed class BtfCheck
{
    const byte Version = 1;
    const uint HeaderSize = 24;
    const int MaxBitFieldWidth = 64;

    readonly Btf _types;
    readonly string _name;
    readonly Mark[] _marks;

    BtfCheck(Btf types, string name)
    {
        _types = types;
        _name = name;
        _marks = new Mark[types.Types.Count];
    }

    enum Mark : byte
    {
        New,
        Open,
        Done,
    }

    /// <summary>Refuses damaged types.</summary>
    /// <param name="section">The contents of <c>.BTF</c>.</param>
    /// <param name="types">What was read from them.</param>
    /// <param name="name">The object, as the user knows it.</param>
    /// <exception cref="CustomProtoException">The first thing that is wrong.</exception>
    internal static void Require(ReadOnlySpan<byte> section, Btf types, string name)
    {
        RequireHeader(section, name);
        if (types.Damage is { } damage)
        {
            throw InvalidObject.WithoutTypes(name, damage);
        }

        var check = new BtfCheck(types, name);
        var sections = new HashSet<string>();
        for (var id = 1u; id < types.Types.Count; id++)
        {
            var type = types.Types[(int)id];
            if (!check.HasRightReferences(type) || !HasRightSize(type) || !HasRightName(type))
            {
                throw check.Damaged(id);
            }

            if (type.Kind == BtfKind.DataSection && !sections.Add(type.Name))
            {
                throw InvalidObject.WithoutTypes(name, $"its BTF describes the section '{type.Name}' twice");
            }

            check.RequireEnd(id, 0);
        }

        // Measures need types that end.
        for (var id = 1u; id < types.Types.Count; id++)
        {
            if (!check.HasRightMembers(types.Types[(int)id]))
            {
                throw check.Damaged(id);
            }
        }
    }

    static void RequireHeader(ReadOnlySpan<byte> section, string name)
    {
        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(section[4..]);
        var typeOffset = BinaryPrimitives.ReadUInt32LittleEndian(section[8..]);
        var typeLength = BinaryPrimitives.ReadUInt32LittleEndian(section[12..]);
        var stringOffset = BinaryPrimitives.ReadUInt32LittleEndian(section[16..]);
        var strings = Btf.Strings(section, name);
        if (section[2] != Version
            || section[3] != 0
            || headerLength < HeaderSize
            || headerLength % sizeof(uint) != 0
            || typeOffset % sizeof(uint) != 0
            || (ulong)typeOffset + typeLength > stringOffset
            || strings.IsEmpty
            || strings[0] != 0
            || strings[^1] != 0)
        {
            throw InvalidObject.WithoutTypes(name, "the header of its BTF is damaged");
        }
    }

    bool HasRightReferences(BtfType type)
    {
        if ((type.RefersToType && type.SizeOrType >= _types.Types.Count)
            || (type.HasTypedParts && Array.Exists(type.Parts, part => part.Type >= _types.Types.Count)))
        {
            return false;
        }

        return type.Kind switch
        {
            BtfKind.Function => KindOf(type.SizeOrType) == BtfKind.FunctionPrototype,
            BtfKind.Variable => IsValue(type.SizeOrType),
            BtfKind.Array => IsValue(type.Parts[0].Type) && type.Parts[0].Size < _types.Types.Count,
            BtfKind.Struct or BtfKind.Union => Array.TrueForAll(type.Parts, part => IsValue(part.Type)),
            BtfKind.DataSection => Array.TrueForAll(type.Parts, part => IsVariable(part.Type, type.Name)),
            BtfKind.Pointer => !IsDeclaration(type.SizeOrType),
            BtfKind.FunctionPrototype => !IsDeclaration(type.SizeOrType) && Array.TrueForAll(type.Parts, part => !IsDeclaration(part.Type)),
            _ when type.IsAlias => !IsDeclaration(type.SizeOrType),
            _ => true,
        };
    }

    BtfKind KindOf(uint id) => _types.Types[(int)id].Kind;

    bool IsDeclaration(uint id) => KindOf(id) is BtfKind.Function or BtfKind.Variable or BtfKind.DataSection or BtfKind.DeclarationTag;

    bool IsValue(uint id) => id != 0 && !IsDeclaration(id) && KindOf(id) != BtfKind.FunctionPrototype;

    /// <summary>Functions of the kernel are the only ones that a section of variables lists.</summary>
    bool IsVariable(uint id, string section) => KindOf(id) == BtfKind.Variable || (KindOf(id) == BtfKind.Function && section == ".ksyms");

    static bool HasRightSize(BtfType type) => type.Kind switch
    {
        BtfKind.Integer => type.SizeOrType is 1 or 2 or 4 or 8 or 16 && ((type.Parts[0].Value & 0xff) + (type.Parts[0].Value >> 16 & 0xff)) <= type.SizeOrType * 8,
        BtfKind.Enum or BtfKind.Enum64 => type.SizeOrType is 1 or 2 or 4 or 8,
        BtfKind.Float => type.SizeOrType is 2 or 4 or 8 or 12 or 16,
        BtfKind.Struct or BtfKind.Union or BtfKind.DataSection => type.SizeOrType <= int.MaxValue,
        _ => true,
    };

    static bool HasRightName(BtfType type) =>
        type.Name.Length > 0 || type.Kind is not (BtfKind.Variable or BtfKind.Function or BtfKind.DataSection or BtfKind.Typedef or BtfKind.TypeTag);

    /// <summary>Refuses a type that contains itself, or that is wrapped more often than libbpf and the kernel follow.</summary>
    void RequireEnd(uint id, int depth)
    {
        if (_marks[id] == Mark.Done)
        {
            return;
        }

        if (_marks[id] == Mark.Open || depth > Btf.MaxDepth)
        {
            throw Damaged(id);
        }

        var type = _types.Types[(int)id];
        _marks[id] = Mark.Open;
        if (type.IsAlias && type.SizeOrType < _marks.Length)
        {
            RequireEnd(type.SizeOrType, depth + 1);
        }
        else if (type.Kind is BtfKind.Array or BtfKind.Struct or BtfKind.Union)
        {
            foreach (var part in type.Parts)
            {
                if (part.Type >= _marks.Length)
                {
                    throw Damaged(id);
                }

                RequireEnd(part.Type, depth + 1);
            }
        }

        _marks[id] = Mark.Done;
    }

    bool HasRightMembers(BtfType type) =>
        type.Kind is not (BtfKind.Struct or BtfKind.Union) || Array.TrueForAll(type.Parts, member => IsInside(member, type));

    bool IsInside(BtfPart member, BtfType type)
    {
        var width = type.Flag ? member.Value >> 24 : 0;
        var offset = type.Flag ? member.Value & 0xffffff : member.Value;
        if (width > 0)
        {
            return width <= MaxBitFieldWidth
                && _types.Strip(member.Type) is { Kind: BtfKind.Integer or BtfKind.Enum or BtfKind.Enum64 }
                && offset + width <= type.SizeOrType * 8L;
        }

        return offset % 8 == 0 && (offset / 8) + _types.SizeOf(member.Type) <= type.SizeOrType;
    }

    CustomProtoException Damaged(uint id) => InvalidObject.WithoutTypes(
        _name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the type {id} in its BTF ('{_types.Types[(int)id].Name}') is damaged"));
}

using System.Buffers.Binary;

namespace CustomProto.Bpf;

/// <summary>A member of a structure: where it lies, in bytes.</summary>
readonly record struct BtfMember(string Name, int Offset, int Size);

/// <summary>A structure and its members.</summary>
sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);

/// <summary>
/// The structures and enumerations that an object's BTF describes (Documentation/bpf/btf.rst). Only what comparing layouts needs.
/// </summary>
sealed class Btf
{
    const ushort Magic = 0xeB9F;
    const int HeaderSize = 24;
    const int TypeSize = 12;

    /// <summary>Longer chains of typedefs and qualifiers than this are damage, not C.</summary>
    const int MaxDepth = 32;

    readonly List<BtfType> _types = [default];

    Btf()
    {
    }

    /// <summary>The structures by name.</summary>
    internal Dictionary<string, BtfStruct> Structs { get; } = [];

    /// <summary>The enumerators of every enumeration, by the enumeration's name.</summary>
    internal Dictionary<string, Dictionary<string, int>> Enums { get; } = [];

    /// <summary>Reads the contents of a <c>.BTF</c> section.</summary>
    /// <exception cref="CustomProtoException">The section is missing or damaged.</exception>
    internal static Btf Parse(ReadOnlySpan<byte> section, string name)
    {
        if (section.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(section) != Magic)
        {
            throw Invalid(name, "it has no BTF");
        }

        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(section[4..]);
        var types = Part(section, headerLength, 8, name);
        var strings = Part(section, headerLength, 16, name);
        var btf = new Btf();
        btf.ReadTypes(types, strings, name);
        btf.Resolve(types, strings);
        return btf;
    }

    static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> section, uint headerLength, int field, string name)
    {
        var offset = (ulong)headerLength + BinaryPrimitives.ReadUInt32LittleEndian(section[field..]);
        var length = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(section[(field + 4)..]);
        return offset + length <= (ulong)section.Length
            ? section.Slice((int)offset, (int)length)
            : throw Invalid(name, "its BTF is cut");
    }

    void ReadTypes(ReadOnlySpan<byte> types, ReadOnlySpan<byte> strings, string name)
    {
        var at = 0;
        while (at < types.Length)
        {
            if (types.Length - at < TypeSize)
            {
                throw Invalid(name, "its BTF is cut");
            }

            var info = BinaryPrimitives.ReadUInt32LittleEndian(types[(at + 4)..]);
            var type = new BtfType(
                (BtfKind)(info >> 24 & 0x1f),
                (int)(info & 0xffff),
                HasBitFields: info >> 31 != 0,
                ElfFile.ReadString(strings, BinaryPrimitives.ReadUInt32LittleEndian(types[at..])),
                BinaryPrimitives.ReadUInt32LittleEndian(types[(at + 8)..]),
                at + TypeSize);
            at = type.DetailOffset + type.DetailSize;
            if (at > types.Length)
            {
                throw Invalid(name, "its BTF is cut");
            }

            _types.Add(type);
        }
    }

    void Resolve(ReadOnlySpan<byte> types, ReadOnlySpan<byte> strings)
    {
        foreach (var type in _types)
        {
            var detail = types.Slice(type.DetailOffset, type.DetailSize);
            if (type.Kind == BtfKind.Struct && type.Name.Length > 0)
            {
                var members = new BtfMember[type.Count];
                for (var i = 0; i < members.Length; i++)
                {
                    var member = detail.Slice(i * 12, 12);
                    var bits = BinaryPrimitives.ReadUInt32LittleEndian(member[8..]) & (type.HasBitFields ? 0xffffffu : uint.MaxValue);
                    members[i] = new BtfMember(
                        ElfFile.ReadString(strings, BinaryPrimitives.ReadUInt32LittleEndian(member)),
                        (int)(bits / 8),
                        SizeOf(BinaryPrimitives.ReadUInt32LittleEndian(member[4..]), types, 0));
                }

                Structs[type.Name] = new BtfStruct(type.Name, (int)type.SizeOrType, members);
            }
            else if (type.Kind == BtfKind.Enum && type.Name.Length > 0)
            {
                var values = Enums[type.Name] = [];
                for (var i = 0; i < type.Count; i++)
                {
                    var value = detail.Slice(i * 8, 8);
                    values[ElfFile.ReadString(strings, BinaryPrimitives.ReadUInt32LittleEndian(value))] = BinaryPrimitives.ReadInt32LittleEndian(value[4..]);
                }
            }
        }
    }

    int SizeOf(uint id, ReadOnlySpan<byte> types, int depth)
    {
        if (id >= _types.Count || depth > MaxDepth)
        {
            return 0;
        }

        var type = _types[(int)id];
        switch (type.Kind)
        {
            case BtfKind.Integer or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Float:
                return (int)type.SizeOrType;
            case BtfKind.Pointer:
                return sizeof(ulong);
            case BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag:
                return SizeOf(type.SizeOrType, types, depth + 1);
            case BtfKind.Array:
                var array = types.Slice(type.DetailOffset, type.DetailSize);
                var count = BinaryPrimitives.ReadUInt32LittleEndian(array[8..]);
                return (int)(SizeOf(BinaryPrimitives.ReadUInt32LittleEndian(array), types, depth + 1) * count);
            default:
                return 0;
        }
    }

    static CustomProtoException Invalid(string name, string problem) =>
        new(FailureKind.InvalidData, "InvalidObjectFile", $"The BPF object '{name}' can't be used: {problem}.", "Compile it with -g: clang -target bpf -O2 -g.", name);

    /// <summary><c>BTF_KIND_*</c> (include/uapi/linux/btf.h).</summary>
    enum BtfKind
    {
        Void,
        Integer,
        Pointer,
        Array,
        Struct,
        Union,
        Enum,
        Forward,
        Typedef,
        Volatile,
        Const,
        Restrict,
        Function,
        FunctionPrototype,
        Variable,
        DataSection,
        Float,
        DeclarationTag,
        TypeTag,
        Enum64,
    }

    /// <summary><c>struct btf_type</c>, and where what follows it lies.</summary>
    readonly record struct BtfType(BtfKind Kind, int Count, bool HasBitFields, string Name, uint SizeOrType, int DetailOffset)
    {
        internal int DetailSize => Kind switch
        {
            BtfKind.Integer or BtfKind.Variable or BtfKind.DeclarationTag => 4,
            BtfKind.Array => 12,
            BtfKind.Struct or BtfKind.Union or BtfKind.DataSection or BtfKind.Enum64 => Count * 12,
            BtfKind.Enum or BtfKind.FunctionPrototype => Count * 8,
            _ => 0,
        };
    }
}

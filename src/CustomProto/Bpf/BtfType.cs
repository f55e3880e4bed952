namespace CustomProto.Bpf;

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

/// <summary>
/// What follows a type, in one form for all: a member (type, offset in bits), an enumerator (value), a parameter (type), a variable of a
/// section (type, offset, size), an array's measure (type, count, type of the index as size), or the one word of an integer
/// (its encoding), a variable (its linkage) or a declaration tag.
/// </summary>
readonly record struct BtfPart(string Name, uint Type, long Value, uint Size);

/// <summary>A type (<c>struct btf_type</c>).</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name; empty without.</param>
/// <param name="Flag">The kind's flag: bit fields of a structure, signed values of an enumeration.</param>
/// <param name="SizeOrType">Its size in bytes, or the type that it is made from.</param>
/// <param name="Count">How many parts it says it has.</param>
sealed record BtfType(BtfKind Kind, string Name, bool Flag, uint SizeOrType, int Count)
{
    /// <summary>What belongs to it.</summary>
    internal BtfPart[] Parts { get; init; } = [];

    /// <summary>Whether it is another type under a name or with a qualifier.</summary>
    internal bool IsAlias => Kind is BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag;

    /// <summary>Whether <see cref="SizeOrType"/> is a type.</summary>
    internal bool RefersToType => IsAlias || Kind is BtfKind.Pointer or BtfKind.Function or BtfKind.FunctionPrototype or BtfKind.Variable or BtfKind.DeclarationTag;

    /// <summary>Whether its parts have types.</summary>
    internal bool HasTypedParts => Kind is BtfKind.Array or BtfKind.Struct or BtfKind.Union or BtfKind.FunctionPrototype or BtfKind.DataSection;

    /// <summary>How many parts follow a type, and how long each is; nothing for a kind that isn't known.</summary>
    internal static (int Count, int Size)? Shape(BtfKind kind, int count) => kind switch
    {
        BtfKind.Integer or BtfKind.Variable or BtfKind.DeclarationTag => (1, 4),
        BtfKind.Array => (1, 12),
        BtfKind.Struct or BtfKind.Union or BtfKind.DataSection or BtfKind.Enum64 => (count, 12),
        BtfKind.Enum or BtfKind.FunctionPrototype => (count, 8),
        > BtfKind.Void and <= BtfKind.Enum64 => (0, 0),
        _ => null,
    };
}

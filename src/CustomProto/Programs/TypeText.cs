using System.Globalization;
using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>Types in the words of C.</summary>
static class TypeText
{
    /// <summary>The text of a type: <c>const volatile unsigned short[4]</c>.</summary>
    internal static string Describe(Btf types, uint id) => Describe(types, id, 0);

    static string Describe(Btf types, uint id, int depth)
    {
        if (id >= types.Types.Count || depth > Btf.MaxDepth)
        {
            return "?";
        }

        var type = types.Types[(int)id];
        string Inner(uint other) => Describe(types, other, depth + 1);
        return type.Kind switch
        {
            BtfKind.Void => "void",
            BtfKind.Const => $"const {Inner(type.SizeOrType)}",
            BtfKind.Volatile => $"volatile {Inner(type.SizeOrType)}",
            BtfKind.Restrict or BtfKind.TypeTag => Inner(type.SizeOrType),
            BtfKind.Pointer => $"{Inner(type.SizeOrType)} *",
            BtfKind.Array => string.Create(CultureInfo.InvariantCulture, $"{Inner(type.Parts[0].Type)}[{type.Parts[0].Value}]"),
            BtfKind.Struct => $"struct {type.Name}".TrimEnd(),
            BtfKind.Union => $"union {type.Name}".TrimEnd(),
            BtfKind.Enum or BtfKind.Enum64 => $"enum {type.Name}".TrimEnd(),
            BtfKind.Forward => $"struct {type.Name}",
            BtfKind.FunctionPrototype => "function",
            _ => type.Name,
        };
    }
}

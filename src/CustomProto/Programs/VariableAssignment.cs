using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>Giving an object's variables other values before it is loaded.</summary>
static class VariableAssignment
{
    /// <summary>How many names a message lists.</summary>
    const int ListedNames = 40;

    /// <summary>Sets variables and members of variables (<c>config.port</c>).</summary>
    /// <param name="file">The object file.</param>
    /// <param name="section">The bytes that a section will have in the kernel, by the section's name; empty for one that can't be set.</param>
    /// <param name="values">The values by name.</param>
    /// <param name="notices">Where to say what might surprise.</param>
    /// <exception cref="CustomProtoException">There is no such variable, or the value isn't one of its type.</exception>
    internal static void Apply(ObjectFile file, SectionBytes section, IReadOnlyDictionary<string, object?> values, ICollection<string> notices)
    {
        foreach (var (name, value) in values)
        {
            var variable = Find(file, name);
            var (offset, type) = Descend(file, variable, name);
            var types = file.Contents.Types;
            var bytes = section(variable.Section);
            var size = (int)types.SizeOf(type);
            if (variable.Offset + offset + size > bytes.Length)
            {
                throw new CustomProtoException(
                    FailureKind.Unsupported, "VariableNotFound", $"Cannot set the variable '{name}': libbpf made no map of its section '{variable.Section}'.", null, name);
            }

            new VariableEncoder(types, name).Encode(bytes.Slice(variable.Offset + offset, size), type, value);
            if (variable.IsConstant && IsBuiltIn(types, variable.TypeId))
            {
                notices.Add($"The variable '{variable.Name}' of '{file.Path}' is const, but not volatile: where clang built its value into the code, the program keeps the old one. Declare it const volatile.");
            }
        }
    }

    /// <summary>The bytes of a section.</summary>
    internal delegate Span<byte> SectionBytes(string section);

    static ObjectVariable Find(ObjectFile file, string name)
    {
        // Names of static variables in functions have dots themselves.
        for (var end = name.Length; end > 0; end = name.LastIndexOf('.', end - 1))
        {
            var prefix = name[..end];
            if (file.Variables.FirstOrDefault(variable => variable.Name == prefix) is { } found)
            {
                return found;
            }
        }

        var names = file.Variables.Select(variable => variable.Name).ToArray();
        throw new CustomProtoException(
            FailureKind.NotFound,
            "VariableNotFound",
            $"'{file.Path}' has no variable '{name}'.",
            names.Length switch
            {
                0 => "It has none at all; what can be set is global and used: const volatile int NAME = 0;",
                <= ListedNames => $"Its variables are: {string.Join(", ", names)}.",
                _ => $"Its variables are: {string.Join(", ", names.Take(ListedNames))} and {names.Length - ListedNames} more.",
            },
            name);
    }

    static (int Offset, uint Type) Descend(ObjectFile file, ObjectVariable variable, string name)
    {
        var types = file.Contents.Types;
        var (offset, id, path) = (0, variable.TypeId, variable.Name);
        foreach (var member in name.Length == path.Length ? [] : name[(path.Length + 1)..].Split('.'))
        {
            if (types.Strip(id) is not { Kind: BtfKind.Struct or BtfKind.Union } type)
            {
                throw new CustomProtoException(
                    FailureKind.NotFound, "VariableNotFound", $"Cannot set '{name}': '{path}' is of type {TypeText.Describe(types, id)}, which has no members.", $"Leave out what follows '{path}'.", name);
            }

            var (memberOffset, memberType) = new VariableEncoder(types, path).FindMember(id, type, member);
            (offset, id, path) = (offset + memberOffset, memberType, $"{path}.{member}");
        }

        return (offset, id);
    }

    /// <summary>Whether the compiler may have taken the value for final: a number without <c>volatile</c>.</summary>
    static bool IsBuiltIn(Btf types, uint id)
    {
        for (var depth = 0; depth < Btf.MaxDepth; depth++)
        {
            var type = types.Types[(int)id];
            switch (type.Kind)
            {
                case BtfKind.Volatile or BtfKind.Array or BtfKind.Struct or BtfKind.Union:
                    return false;
                case BtfKind.Integer or BtfKind.Enum or BtfKind.Enum64:
                    return true;
            }

            id = type.SizeOrType;
        }

        return false;
    }
}

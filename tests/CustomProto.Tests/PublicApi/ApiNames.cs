using System.Reflection;

namespace CustomProto.Tests.PublicApi;

/// <summary>Types by the names that C# has for them.</summary>
static class ApiNames
{
    static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(char)] = "char",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(void)] = "void",
    };

    internal static string Of(Type type)
    {
        if (s_keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsByRef)
        {
            return Of(type.GetElementType()!);
        }

        if (type.IsPointer)
        {
            return $"{Of(type.GetElementType()!)}*";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Of(value)}?";
        }

        var outer = type.IsNested ? Of(type.DeclaringType!) : type.Namespace;
        var arguments = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).Select(Of).ToArray();
        return $"{outer}.{type.Name.Split('`')[0]}{(arguments.Length > 0 ? $"<{string.Join(", ", arguments)}>" : "")}";
    }

    /// <summary>The type of a member or parameter, with a question mark where it may be <see langword="null"/>.</summary>
    internal static string Of(NullabilityInfo info)
    {
        var name = Of(info.Type);
        var state = info.WriteState == NullabilityState.Unknown ? info.ReadState : info.WriteState;
        return state == NullabilityState.Nullable && !name.EndsWith('?') ? $"{name}?" : name;
    }

    /// <summary>A method's type parameters and what is asked of them.</summary>
    internal static string GenericParameters(MethodInfo method)
    {
        var parameters = method.GetGenericArguments().Select(parameter =>
            parameter.GetGenericParameterConstraints() is { Length: > 0 } constraints ? $"{parameter.Name} : {string.Join(" & ", constraints.Select(Of))}" : parameter.Name).ToArray();
        return parameters.Length > 0 ? $"<{string.Join(", ", parameters)}>" : "";
    }
}

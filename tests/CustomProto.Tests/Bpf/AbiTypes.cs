using CustomProto.Abi;

namespace CustomProto.Tests.Bpf;

/// <summary>The types that mirror bpf/customproto.h, found rather than listed, so that a new one can't be forgotten.</summary>
static class AbiTypes
{
    /// <summary>Where the enumerators' prefix isn't the enumeration's own name.</summary>
    static readonly Dictionary<Type, string> s_prefixes = new() { [typeof(MatchAction)] = "CP_MATCH_", [typeof(Limit)] = "CP_" };

    static readonly Type[] s_all = [.. typeof(Event).Assembly.GetTypes().Where(type => type.Namespace == typeof(Event).Namespace && !type.IsNested)];

    /// <summary>The structures.</summary>
    internal static IReadOnlyList<Type> Structs { get; } = [.. s_all.Where(type => type.IsValueType && !type.IsEnum)];

    /// <summary>The enumerations, and the class of constants that stands for one.</summary>
    internal static IReadOnlyList<Type> Enums { get; } = [.. s_all.Where(type => type.IsEnum || type.IsClass)];

    /// <summary>The name in the header, without <c>struct</c> or <c>enum</c>.</summary>
    internal static string CName(Type type) => "cp_" + CNames.Snake(type.Name);

    /// <summary>What the enumerators' names begin with.</summary>
    internal static string Prefix(Type type) => s_prefixes.GetValueOrDefault(type, $"{CName(type).ToUpperInvariant()}_");
}

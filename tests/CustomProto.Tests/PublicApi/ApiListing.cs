using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace CustomProto.Tests.PublicApi;

/// <summary>What others can use of an assembly: a line for each type and member, in an order that doesn't depend on the source's.</summary>
static class ApiListing
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The lines.</summary>
    internal static IEnumerable<string> Of(Assembly assembly) => assembly.GetExportedTypes().SelectMany(Of).Order(StringComparer.Ordinal);

    /// <summary>The lines of a type.</summary>
    internal static IEnumerable<string> Of(Type type)
    {
        var name = ApiNames.Of(type);
        yield return $"{name} : {string.Join(", ", [Kind(type), .. Bases(type)])}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield return $"{name}{Signature(type.GetMethod("Invoke")!)}";
            yield break;
        }

        foreach (var field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName))
        {
            yield return $"{name}.{Describe(field)}";
        }

        foreach (var property in type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible) && property.Name != "EqualityContract"))
        {
            yield return $"{name}.{Describe(property)}";
        }

        foreach (var happening in type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)))
        {
            yield return $"{name}.{happening.Name} : event {ApiNames.Of(happening.EventHandlerType!)}";
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            yield return $"{name}.{constructor.DeclaringType!.Name.Split('`')[0]}{Parameters(constructor)}";
        }

        foreach (var method in type.GetMethods(Declared).Where(method => IsVisible(method) && IsWritten(method)))
        {
            yield return $"{name}.{method.Name}{ApiNames.GenericParameters(method)}{Signature(method)}{Modifiers(method)}";
        }
    }

    static string Kind(Type type)
    {
        if (type.IsEnum)
        {
            return $"enum {ApiNames.Of(type.GetEnumUnderlyingType())}";
        }

        if (type.IsInterface)
        {
            return "interface";
        }

        var record = type.GetMethod("<Clone>$") is not null || type.GetMethod("PrintMembers", Declared)?.IsDefined(typeof(CompilerGeneratedAttribute)) == true ? "record " : "";
        if (type.IsValueType)
        {
            return $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}{record}struct";
        }

        return (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static class",
            (true, false) => $"abstract {record}class",
            (false, true) => $"sealed {record}class",
            _ => $"{record}class",
        };
    }

    static IEnumerable<string> Bases(Type type)
    {
        if (type.IsEnum)
        {
            return type.IsDefined(typeof(FlagsAttribute)) ? ["flags"] : [];
        }

        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var interfaces = type.GetInterfaces().Except(inherited).Where(one => one.IsVisible).Select(ApiNames.Of).Order(StringComparer.Ordinal);
        return type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? interfaces.Prepend(ApiNames.Of(parent)) : interfaces;
    }

    static string Describe(FieldInfo field)
    {
        if (field.IsLiteral)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{field.Name} = {field.GetRawConstantValue()}");
            return field.DeclaringType!.IsEnum ? value : $"{value} : {ApiNames.Of(field.FieldType)} [const]";
        }

        var type = ApiNames.Of(new NullabilityInfoContext().Create(field));
        return $"{field.Name} : {type}{(field.IsStatic ? " [static]" : "")}{(field.IsInitOnly ? " [readonly]" : "")}";
    }

    static string Describe(PropertyInfo property)
    {
        var accessors = new List<string>();
        if (property.GetMethod is { } getter && IsVisible(getter))
        {
            accessors.Add("get;");
        }

        if (property.SetMethod is { } setter && IsVisible(setter))
        {
            accessors.Add(setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;");
        }

        var index = property.GetIndexParameters().Length > 0 ? $"[{string.Join(", ", property.GetIndexParameters().Select(Describe))}]" : "";
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? " [required]" : "";
        var modifiers = Modifiers(property.GetAccessors(nonPublic: true)[0]);
        return $"{property.Name}{index} {{ {string.Join(' ', accessors)} }} : {ApiNames.Of(new NullabilityInfoContext().Create(property))}{modifiers}{required}";
    }

    static string Modifiers(MethodInfo method)
    {
        var overrides = method.GetBaseDefinition() != method;
        var kind = method.IsStatic ? " [static]"
            : method.DeclaringType!.IsInterface ? ""
            : overrides ? " [override]"
            : method.IsAbstract ? " [abstract]"
            : method is { IsVirtual: true, IsFinal: false } ? " [virtual]" : "";
        return (method.IsPublic ? "" : " [protected]") + kind;
    }

    static string Signature(MethodInfo method) => $"{Parameters(method)} : {ApiNames.Of(new NullabilityInfoContext().Create(method.ReturnParameter))}";

    static string Parameters(MethodBase method) => $"({string.Join(", ", method.GetParameters().Select(Describe))})";

    static string Describe(ParameterInfo parameter)
    {
        var way = parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params "
            : !parameter.ParameterType.IsByRef ? ""
            : parameter.IsOut ? "out "
            : parameter.IsIn ? "in " : "ref ";
        var text = $"{way}{ApiNames.Of(new NullabilityInfoContext().Create(parameter))} {parameter.Name}";
        return parameter.HasDefaultValue ? string.Create(CultureInfo.InvariantCulture, $"{text} = {parameter.RawDefaultValue ?? "default"}") : text;
    }

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>Neither an accessor nor something that the compiler adds to records.</summary>
    static bool IsWritten(MethodInfo method) =>
        !method.IsDefined(typeof(CompilerGeneratedAttribute)) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));
}

using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CustomProto.Tests.Bpf;

/// <summary>
/// The mirror against bpf/customproto.h itself, with the compiler as the judge and the runtime's own layout as the evidence: neither
/// BTF nor the code that reads it has a part in this.
/// </summary>
public sealed class AbiHeaderTests
{
    static readonly string[] s_arguments = ["-target", "bpf", "-std=gnu11", "-I", Repository.Locate("bpf"), "-idirafter", $"/usr/include/{Machine}-linux-gnu"];

    static string Machine => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64";

    [Fact]
    public async Task The_compiler_finds_every_member_where_the_runtime_has_it()
    {
        var source = new StringBuilder("#include <stddef.h>\n#include \"customproto.h\"\n#include \"send.h\"\n");
        foreach (var type in AbiTypes.Structs)
        {
            AppendStruct(source, type);
        }

        foreach (var type in AbiTypes.Enums)
        {
            AppendEnum(source, type);
        }

        var complaints = await CCompiler.CheckAsync(source.ToString(), s_arguments);

        Assert.True(complaints.Length == 0, complaints);
    }

    [Fact]
    public async Task The_compiler_does_complain()
    {
        var complaints = await CCompiler.CheckAsync(
            """
            #include <stddef.h>
            #include "customproto.h"
            _Static_assert(offsetof(struct cp_event, source_port) == 1, "Event.SourcePort");
            """,
            s_arguments);

        Assert.Contains("Event.SourcePort", complaints, StringComparison.Ordinal);
    }

    static void AppendStruct(StringBuilder source, Type type)
    {
        var c = $"struct {AbiTypes.CName(type)}";
        Append(source, $"sizeof({c})", SizeOf(type), type.Name);
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            var member = CNames.Snake(field.Name);
            Append(source, $"offsetof({c}, {member})", OffsetOf(type, field), $"{type.Name}.{field.Name}");
            Append(source, $"sizeof((({c} *)0)->{member})", SizeOf(field.FieldType), $"{type.Name}.{field.Name}");
            if (field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer)
            {
                Append(source, $"sizeof((({c} *)0)->{member}[0])", SizeOf(buffer.ElementType), $"{type.Name}.{field.Name}[]");
            }
        }
    }

    static void AppendEnum(StringBuilder source, Type type)
    {
        foreach (var constant in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
        {
            var value = Convert.ToInt64(constant.GetRawConstantValue(), CultureInfo.InvariantCulture);
            Append(source, AbiTypes.Prefix(type) + CNames.Snake(constant.Name).ToUpperInvariant(), value, $"{type.Name}.{constant.Name}");
        }
    }

    static void Append(StringBuilder source, string expression, long value, string subject) =>
        source.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert({expression} == {value}, \"{subject}\");");

    static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>The distance of two addresses, as unsafe code sees it; marshalling may have another opinion.</summary>
    static int OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(int), null, type.Module, skipVisibility: true);
        var code = method.GetILGenerator();
        var local = code.DeclareLocal(type);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Ldloca, local);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Conv_I4);
        code.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}

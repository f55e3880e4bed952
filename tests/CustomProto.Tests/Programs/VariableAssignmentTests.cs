using System.Buffers.Binary;
using CustomProto.Fixtures;
using CustomProto.Programs;

namespace CustomProto.Tests.Programs;

/// <summary>Values into the bytes of sections, as libbpf holds them before loading; the kernel tests show that programs find them.</summary>
public sealed class VariableAssignmentTests
{
    static readonly ObjectFile s_file = ObjectFile.Read(FixtureObjects.Compile("variables"));

    public static TheoryData<string, object, string> Values => new()
    {
        { "u8_value", 255, "ff" },
        { "s8_value", -128, "80" },
        { "port", 9000, "2823" },
        { "port", "9000", "2823" },
        { "port", "0x1234", "3412" },
        { "port", 9000.0, "2823" },
        { "s16_value", (short)-2, "feff" },
        { "u32_value", uint.MaxValue, "ffffffff" },
        { "u32_value", true, "01000000" },
        { "s32_value", int.MinValue, "00000080" },
        { "u64_value", ulong.MaxValue, "ffffffffffffffff" },
        { "s64_value", long.MinValue, "0000000000000080" },
        { "enabled", true, "01" },
        { "enabled", false, "00" },
        { "enabled", 1, "01" },
        { "verdict", "VERDICT_TX", "03000000" },
        { "verdict", 1, "01000000" },
        { "verdict", 99, "63000000" },
        { "wide", "WIDE_NEGATIVE", "fbffffff" },
        { "wide", -6, "faffffff" },
        { "name", "kitty", "6b69747479000000" },
        { "name", "", "0000000000000000" },
        { "name", "sieben7", "73696562656e3700" },
        { "mac", new byte[] { 2, 0, 0, 0, 0, 1 }, "020000000001" },
        { "mac", (int[])[1, 2], "010200000000" },
        { "ports", new object[] { 80, (ushort)443 }, "5000bb0100000000" },
        { "limits.rate", 5, "05000000" },
        { "limits.range.low", -5, "fbff" },
        { "limits.kinds", (int[])[1, 2, 3, 4], "01020304" },
        { "limits.strict", true, "01" },
        { "custom", 6, "06000000" },
        { "counter", 1L << 40, "0000000000010000" },
        { "zeros", (int[])[0, 9], "000000000900000000000000" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_becomes_the_bytes_of_its_type(string name, object value, string expected)
    {
        var (sections, notices) = Apply((name, value));

        var variable = s_file.Variables.First(variable => variable.Name == name.Split('.')[0]);
        var changed = Convert.ToHexStringLower(sections[variable.Section]);
        Assert.Contains(expected, changed, StringComparison.Ordinal);
        Assert.Empty(notices);
    }

    [Fact]
    public void Only_the_variable_changes()
    {
        var (sections, _) = Apply(("port", 0xabcd));
        var port = s_file.Variables.First(variable => variable.Name == "port");

        var bytes = sections[".rodata"];
        Assert.Equal(0xabcd, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(port.Offset)));
        bytes.AsSpan(port.Offset, 2).Fill(0xee);
        Assert.All(bytes, value => Assert.Equal(0xee, value));
    }

    [Fact]
    public void A_structure_takes_its_members_or_its_bytes()
    {
        var limits = s_file.Variables.First(variable => variable.Name == "limits");
        var (members, _) = Apply(("limits", new System.Collections.Hashtable { ["rate"] = 1, ["burst"] = 2 }));
        Assert.Equal("010000000200", Convert.ToHexStringLower(members[".rodata"].AsSpan(limits.Offset, 6)));

        var raw = Enumerable.Range(0, limits.Size).Select(i => (byte)i).ToArray();
        var (whole, _) = Apply(("limits", raw));
        Assert.Equal(raw, whole[".rodata"].AsSpan(limits.Offset, limits.Size));
    }

    public static TheoryData<string, object?, string, string> Refusals => new()
    {
        { "portt", 1, "VariableNotFound", "has no variable 'portt'. Its variables are: u8_value, s8_value, port, " },
        { "limits.speed", 1, "VariableNotFound", "Cannot set 'limits.speed': const volatile struct limits has no member 'speed'. Its members are: rate, burst, strict, range, kinds, bits." },
        { "port.low", 1, "VariableNotFound", "'port' is of type const volatile __u16, which has no members" },
        { "limits.bits", 1, "VariableTypeMismatch", "Cannot set 'limits.bits': it is a bit field. Set the whole structure as bytes." },
        { "port", 65536, "VariableOutOfRange", "Cannot set the variable 'port' (const volatile __u16) to 65536: that doesn't fit. It takes 0 to 65535." },
        { "port", -1, "VariableOutOfRange", "to -1: that doesn't fit. It takes 0 to 65535." },
        { "s8_value", 128, "VariableOutOfRange", "It takes -128 to 127." },
        { "u64_value", -1, "VariableOutOfRange", "It takes 0 to 18446744073709551615." },
        { "port", "http", "VariableTypeMismatch", "Cannot set the variable 'port' (const volatile __u16) to 'http': that is no value of its type. Give an integer." },
        { "port", 1.5, "VariableTypeMismatch", "to 1.5: that is no value of its type. Give an integer." },
        { "port", null, "VariableTypeMismatch", "to $null: that is no value of its type." },
        { "port", (int[])[1, 2], "VariableTypeMismatch", "to 2 elements: that is no value of its type." },
        { "enabled", 2, "VariableOutOfRange", "Give $true or $false." },
        { "enabled", "yes", "VariableTypeMismatch", "Give $true or $false." },
        { "verdict", "VERDICT_NONE", "VariableTypeMismatch", "Give a number or one of VERDICT_DROP, VERDICT_PASS, VERDICT_TX." },
        { "verdict", 1L << 32, "VariableOutOfRange", "It takes 0 to 4294967295." },
        { "name", "eight888", "VariableOutOfRange", "It has room for 7 bytes of UTF-8 and the zero at the end; this text has 8." },
        { "ports", (int[])[1, 2, 3, 4, 5], "VariableOutOfRange", "It has room for 4 elements." },
        { "ports", (int[])[1, 70000], "VariableOutOfRange", "Cannot set the variable 'ports[1]'" },
        { "ports", 1, "VariableTypeMismatch", "Give an array." },
        { "limits", 1, "VariableTypeMismatch", "Set its members by name ('limits.rate'), or give @{ } with them or 20 bytes." },
        { "pointer", 1, "VariableTypeMismatch", "Integers, booleans, enumerations, arrays and structures of them can be set." },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_value_that_does_not_fit_is_one_clear_error(string name, object? value, string errorId, string message)
    {
        var refusal = Assert.Throws<CustomProtoException>(() => Apply((name, value)));

        Assert.Equal(errorId, refusal.ErrorId);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_clang_built_into_the_code_is_said()
    {
        var (_, notices) = Apply(("built_in", 78));

        Assert.Contains("The variable 'built_in'", Assert.Single(notices), StringComparison.Ordinal);
        Assert.EndsWith("Declare it const volatile.", notices[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_variables_says_how_to_make_one()
    {
        var file = ObjectFile.Read(FixtureObjects.Compile("pass"));

        var refusal = Assert.Throws<CustomProtoException>(() => VariableAssignment.Apply(file, _ => default, new Dictionary<string, object?> { ["x"] = 1 }, []));

        Assert.Contains("It has none at all", refusal.Message, StringComparison.Ordinal);
    }

    static (Dictionary<string, byte[]> Sections, List<string> Notices) Apply(params (string Name, object? Value)[] values)
    {
        var sections = s_file.Contents.File.Sections.Where(section => section.Size > 0).ToDictionary(section => section.Name, section =>
        {
            var bytes = new byte[section.Size];
            bytes.AsSpan().Fill(0xee);
            return bytes;
        });
        var notices = new List<string>();
        VariableAssignment.Apply(s_file, section => sections[section], values.ToDictionary(pair => pair.Name, pair => pair.Value), notices);
        return (sections, notices);
    }
}

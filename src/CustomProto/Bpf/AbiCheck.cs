using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Abi;

namespace CustomProto.Bpf;

/// <summary>
/// Compares <c>Abi/</c> with the BTF of an object file: names, offsets and sizes of every member. Run at every load, since a difference
/// would not fail but make up numbers.
/// </summary>
static class AbiCheck
{
    static readonly (Type Managed, string Native)[] s_structs =
    [
        (typeof(Config), "cp_config"),
        (typeof(Field), "cp_field"),
        (typeof(TcConfig), "cp_tc_config"),
        (typeof(Settings), "cp_settings"),
        (typeof(Event), "cp_event"),
        (typeof(Counters), "cp_counters"),
        (typeof(EncapsulationCounters), "cp_encapsulation_counters"),
        (typeof(ReaderCounters), "cp_reader_counters"),
        (typeof(Reader), "cp_reader"),
        (typeof(Filter), "cp_filter"),
    ];

    static readonly (Type Managed, string Native, string Prefix)[] s_enums =
    [
        (typeof(Reason), "cp_reason", "CP_REASON_"),
        (typeof(Direction), "cp_direction", "CP_DIRECTION_"),
        (typeof(Encapsulation), "cp_encapsulation", "CP_ENCAPSULATION_"),
        (typeof(MatchAction), "cp_match_action", "CP_MATCH_"),
        (typeof(Condition), "cp_condition", "CP_CONDITION_"),
        (typeof(Limit), "cp_limit", "CP_"),
    ];

    /// <summary>Refuses an object whose layouts differ.</summary>
    /// <exception cref="CustomProtoException">The first difference, with both sides.</exception>
    internal static void Require(Btf btf, string name)
    {
        if (Compare(btf).FirstOrDefault() is { } difference)
        {
            throw new CustomProtoException(
                FailureKind.InvalidData,
                "AbiMismatch",
                $"The BPF object '{name}' doesn't fit this assembly: {difference}.",
                "The two come from different builds; build both again (./build.sh build).",
                name);
        }
    }

    /// <summary>Every difference, in words.</summary>
    internal static IEnumerable<string> Compare(Btf btf)
    {
        foreach (var (managed, native) in s_structs)
        {
            if (!btf.Structs.TryGetValue(native, out var layout))
            {
                yield return $"struct {native} is not in the object";
                continue;
            }

            foreach (var difference in CompareStruct(managed, layout))
            {
                yield return difference;
            }
        }

        foreach (var (managed, native, prefix) in s_enums)
        {
            if (!btf.Enums.TryGetValue(native, out var values))
            {
                yield return $"enum {native} is not in the object";
                continue;
            }

            var expected = Constants(managed).ToDictionary(constant => prefix + UpperSnake(constant.Name), constant => constant.Value);
            foreach (var constant in expected.Keys.Union(values.Keys))
            {
                var (inObject, here) = (Show(values, constant), Show(expected, constant));
                if (inObject != here)
                {
                    yield return $"{constant}: {inObject} in the object, {here} in the assembly";
                }
            }
        }
    }

    static string Show(Dictionary<string, int> values, string constant) =>
        values.TryGetValue(constant, out var value) ? value.ToString(CultureInfo.InvariantCulture) : "missing";

    static IEnumerable<string> CompareStruct(Type managed, BtfStruct layout)
    {
        var size = Marshal.SizeOf(managed);
        if (size != layout.Size)
        {
            yield return $"{layout.Name}: {layout.Size} bytes in the object, {size} in the assembly";
        }

        var fields = managed.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
        var expected = fields.ToDictionary(
            field => UpperSnake(field.Name).ToLowerInvariant(),
            field => (Offset: (int)Marshal.OffsetOf(managed, field.Name), Size: SizeOf(field)));
        var actual = layout.Members.DistinctBy(member => member.Name).ToDictionary(member => member.Name, member => (member.Offset, member.Size));
        foreach (var member in actual.Keys.Union(expected.Keys))
        {
            if (!actual.TryGetValue(member, out var inObject))
            {
                yield return $"{layout.Name}.{member}: not in the object";
            }
            else if (!expected.TryGetValue(member, out var here))
            {
                yield return $"{layout.Name}.{member}: not in the assembly";
            }
            else if (inObject != here)
            {
                yield return $"{layout.Name}.{member}: offset {inObject.Offset} and {inObject.Size} bytes in the object, offset {here.Offset} and {here.Size} bytes in the assembly";
            }
        }
    }

    static int SizeOf(FieldInfo field) => field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer
        ? Marshal.SizeOf(buffer.ElementType) * buffer.Length
        : Marshal.SizeOf(field.FieldType);

    static IEnumerable<(string Name, int Value)> Constants(Type managed) => managed
        .GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
        .Select(field => (field.Name, Convert.ToInt32(field.GetRawConstantValue(), CultureInfo.InvariantCulture)));

    static string UpperSnake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToUpperInvariant(letter));
        }

        return text.ToString();
    }
}

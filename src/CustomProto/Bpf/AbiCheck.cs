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
        (typeof(Rate), "cp_rate"),
        (typeof(Responder), "cp_responder"),
        (typeof(Latency), "cp_latency"),
        (typeof(PeerKey), "cp_peer_key"),
        (typeof(Peer), "cp_peer"),
    ];

    static readonly (Type Managed, string Native, string Prefix)[] s_enums =
    [
        (typeof(Reason), "cp_reason", "CP_REASON_"),
        (typeof(Direction), "cp_direction", "CP_DIRECTION_"),
        (typeof(Encapsulation), "cp_encapsulation", "CP_ENCAPSULATION_"),
        (typeof(Hook), "cp_hook", "CP_HOOK_"),
        (typeof(MatchAction), "cp_match_action", "CP_MATCH_"),
        (typeof(Condition), "cp_condition", "CP_CONDITION_"),
        (typeof(Limit), "cp_limit", "CP_"),
    ];

    /// <summary>What the in-kernel sender shares.</summary>
    internal static readonly AbiTypes Sending = new(
        [
            (typeof(SendConfig), "cp_send_config"),
            (typeof(SendState), "cp_send_state"),
            (typeof(Stamp), "cp_stamp"),
        ],
        [
            (typeof(SendPlace), "cp_send_place", "CP_SEND_PLACE_"),
            (typeof(SendLimit), "cp_send_limit", "CP_SEND_LIMIT_"),
        ]);

    /// <summary>What the programs share that receive.</summary>
    static readonly AbiTypes s_receiving = new(s_structs, s_enums);

    /// <summary>Refuses an object whose layouts differ.</summary>
    /// <exception cref="CustomProtoException">The first difference, with both sides.</exception>
    internal static void Require(Btf btf, string name, AbiTypes? types = null)
    {
        if (Compare(btf, types).FirstOrDefault() is { } difference)
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
    internal static IEnumerable<string> Compare(Btf btf, AbiTypes? types = null)
    {
        var (structs, enums) = types ?? s_receiving;
        foreach (var (managed, native) in structs)
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

        foreach (var (managed, native, prefix) in enums)
        {
            if (!btf.Enums.TryGetValue(native, out var values))
            {
                yield return $"enum {native} is not in the object";
                continue;
            }

            foreach (var difference in CompareEnum(managed, prefix, values))
            {
                yield return difference;
            }
        }
    }

    static IEnumerable<string> CompareEnum(Type managed, string prefix, Dictionary<string, int> inObject)
    {
        var here = new Dictionary<string, int>();
        foreach (var constant in managed.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
        {
            here[prefix + UpperSnake(constant.Name)] = Convert.ToInt32(constant.GetRawConstantValue(), CultureInfo.InvariantCulture);
        }

        foreach (var constant in here.Keys.Union(inObject.Keys))
        {
            if (Show(inObject, constant) is var there && Show(here, constant) is var expected && there != expected)
            {
                yield return $"{constant}: {there} in the object, {expected} in the assembly";
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

        var left = new Dictionary<string, BtfMember>();
        foreach (var member in layout.Members)
        {
            left.TryAdd(member.Name, member);
        }

        foreach (var field in managed.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
        {
            var here = new BtfMember(UpperSnake(field.Name).ToLowerInvariant(), (int)Marshal.OffsetOf(managed, field.Name), SizeOf(field));
            if (!left.Remove(here.Name, out var inObject))
            {
                yield return $"{layout.Name}.{here.Name}: not in the object";
            }
            else if (inObject != here)
            {
                yield return $"{layout.Name}.{here.Name}: offset {inObject.Offset} and {inObject.Size} bytes in the object, offset {here.Offset} and {here.Size} bytes in the assembly";
            }
        }

        foreach (var member in left.Keys)
        {
            yield return $"{layout.Name}.{member}: not in the assembly";
        }
    }

    static int SizeOf(FieldInfo field) => field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer
        ? Marshal.SizeOf(buffer.ElementType) * buffer.Length
        : Marshal.SizeOf(field.FieldType);

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

    /// <summary>The types that programs and assembly share.</summary>
    /// <param name="Structs">The structures.</param>
    /// <param name="Enums">The enumerations, and what the names of their constants begin with.</param>
    internal sealed record AbiTypes((Type Managed, string Native)[] Structs, (Type Managed, string Native, string Prefix)[] Enums);
}

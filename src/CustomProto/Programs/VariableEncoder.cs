using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Text;
using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>From values as a shell has them to the bytes that a C type has.</summary>
/// <param name="types">The types.</param>
/// <param name="path">What is being set, as the user named it; for the messages.</param>
sealed class VariableEncoder(Btf types, string path)
{
    const int Signed = 1;
    const int Boolean = 4;

    /// <summary>How many names of an enumeration a message lists.</summary>
    const int ListedNames = 20;

    /// <summary>Writes a value.</summary>
    /// <param name="target">The variable's bytes, as many as its type has.</param>
    /// <param name="id">The type.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="CustomProtoException">It isn't a value of the type (VariableTypeMismatch), or too large for it (VariableOutOfRange).</exception>
    internal void Encode(Span<byte> target, uint id, object? value)
    {
        var type = types.Strip(id);
        switch (type?.Kind)
        {
            case BtfKind.Integer when type.SizeOrType <= sizeof(ulong):
                EncodeInteger(target, id, type, value);
                break;
            case BtfKind.Enum or BtfKind.Enum64:
                EncodeEnum(target, id, type, value);
                break;
            case BtfKind.Array:
                EncodeArray(target, id, type.Parts[0], value);
                break;
            case BtfKind.Struct or BtfKind.Union:
                EncodeStruct(target, id, type, value);
                break;
            default:
                throw Mismatch(id, value, "Integers, booleans, enumerations, arrays and structures of them can be set.");
        }
    }

    void EncodeInteger(Span<byte> target, uint id, BtfType type, object? value)
    {
        var encoding = type.Parts[0].Value >> 24 & 0xf;
        if ((encoding & Boolean) != 0)
        {
            var number = ToInteger(value) ?? throw Mismatch(id, value, "Give $true or $false.");
            Write(target, number == 0 || number == 1 ? number : throw OutOfRange(id, value, "Give $true or $false."));
            return;
        }

        var integer = ToInteger(value) ?? throw Mismatch(id, value, "Give an integer.");
        Write(target, InRange(id, integer, target.Length, (encoding & Signed) != 0, value));
    }

    void EncodeEnum(Span<byte> target, uint id, BtfType type, object? value)
    {
        if (value is string name && Array.Find(type.Parts, part => part.Name == name) is { Name: not null } enumerator)
        {
            Write(target, enumerator.Value);
            return;
        }

        var names = string.Join(", ", type.Parts.Take(ListedNames).Select(part => part.Name));
        var number = ToInteger(value) ?? throw Mismatch(id, value, $"Give a number or one of {names}.");

        // C lets an enumeration have any number of its width; clang says the sign only for those that need it.
        var isSigned = number < 0 || type.Flag;
        Write(target, InRange(id, number, target.Length, isSigned, value));
    }

    void EncodeArray(Span<byte> target, uint id, BtfPart array, object? value)
    {
        var elementSize = (int)types.SizeOf(array.Type);
        if (value is string text && types.Strip(array.Type) is { Kind: BtfKind.Integer, SizeOrType: 1 })
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            if (bytes.Length >= target.Length)
            {
                throw OutOfRange(id, value, string.Create(CultureInfo.InvariantCulture, $"It has room for {target.Length - 1} bytes of UTF-8 and the zero at the end; this text has {bytes.Length}."));
            }

            target.Clear();
            bytes.CopyTo(target);
            return;
        }

        if (value is string or IDictionary or not IEnumerable || elementSize == 0)
        {
            throw Mismatch(id, value, elementSize == 1 ? "Give a text or an array of numbers." : "Give an array.");
        }

        target.Clear();
        var index = 0;
        foreach (var element in (IEnumerable)value)
        {
            if (index >= array.Value)
            {
                throw OutOfRange(id, value, string.Create(CultureInfo.InvariantCulture, $"It has room for {array.Value} elements."));
            }

            new VariableEncoder(types, string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"))
                .Encode(target.Slice(index * elementSize, elementSize), array.Type, element);
            index++;
        }
    }

    void EncodeStruct(Span<byte> target, uint id, BtfType type, object? value)
    {
        switch (value)
        {
            case byte[] bytes when bytes.Length == target.Length:
                bytes.CopyTo(target);
                break;
            case IDictionary members:
                foreach (DictionaryEntry member in members)
                {
                    var name = Convert.ToString(member.Key, CultureInfo.InvariantCulture) ?? "";
                    var (offset, memberType) = FindMember(id, type, name);
                    new VariableEncoder(types, $"{path}.{name}").Encode(target.Slice(offset, (int)types.SizeOf(memberType)), memberType, member.Value);
                }

                break;
            default:
                throw Mismatch(id, value, string.Create(
                    CultureInfo.InvariantCulture, $"Set its members by name ('{path}.{type.Parts.FirstOrDefault().Name}'), or give @{{ }} with them or {target.Length} bytes."));
        }
    }

    /// <summary>A member's place, also one of an unnamed structure within.</summary>
    /// <exception cref="CustomProtoException">There is none, or it is a bit field.</exception>
    internal (int Offset, uint Type) FindMember(uint id, BtfType type, string name) => TryFindMember(type, name) is { } found
        ? found.IsBitField
            ? throw new CustomProtoException(
                FailureKind.Unsupported, "VariableTypeMismatch", $"Cannot set '{path}.{name}': it is a bit field.", "Set the whole structure as bytes.", path)
            : (found.Offset, found.Type)
        : throw new CustomProtoException(
            FailureKind.NotFound,
            "VariableNotFound",
            $"Cannot set '{path}.{name}': {TypeText.Describe(types, id)} has no member '{name}'.",
            $"Its members are: {string.Join(", ", type.Parts.Select(part => part.Name).Where(part => part.Length > 0))}.",
            $"{path}.{name}");

    (int Offset, uint Type, bool IsBitField)? TryFindMember(BtfType type, string name)
    {
        foreach (var member in type.Parts)
        {
            var bits = type.Flag ? member.Value & 0xffffff : member.Value;
            if (member.Name == name)
            {
                return ((int)(bits / 8), member.Type, type.Flag && member.Value >> 24 != 0);
            }

            if (member.Name.Length == 0
                && types.Strip(member.Type) is { Kind: BtfKind.Struct or BtfKind.Union } inner
                && TryFindMember(inner, name) is { } found)
            {
                return (found.Offset + (int)(bits / 8), found.Type, found.IsBitField);
            }
        }

        return null;
    }

    Int128 InRange(uint id, Int128 number, int size, bool isSigned, object? value)
    {
        var bits = size * 8;
        var (least, most) = isSigned ? (-(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1) : (0, (Int128.One << bits) - 1);
        return number >= least && number <= most
            ? number
            : throw OutOfRange(id, value, string.Create(CultureInfo.InvariantCulture, $"It takes {least} to {most}."));
    }

    static void Write(Span<byte> target, Int128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128LittleEndian(bytes, number);
        bytes[..target.Length].CopyTo(target);
    }

    /// <summary>The integer that a value is, exactly; nothing for any other value.</summary>
    static Int128? ToInteger(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        char character => character,
        Enum or sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong number => number,
        Int128 number => number,
        decimal number when number == decimal.Truncate(number) => (Int128)number,
        double number when number == Math.Truncate(number) && Math.Abs(number) < 1L << 53 => (Int128)number,
        float number when number == MathF.Truncate(number) && MathF.Abs(number) < 1 << 24 => (Int128)number,
        string text when text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) => ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null,
        string text => Int128.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => null,
    };

    CustomProtoException Mismatch(uint id, object? value, string hint) => Fail("VariableTypeMismatch", id, value, "that is no value of its type", hint);

    CustomProtoException OutOfRange(uint id, object? value, string hint) => Fail("VariableOutOfRange", id, value, "that doesn't fit", hint);

    CustomProtoException Fail(string errorId, uint id, object? value, string problem, string hint) => new(
        FailureKind.InvalidArgument, errorId, $"Cannot set the variable '{path}' ({TypeText.Describe(types, id)}) to {Show(value)}: {problem}.", hint, path);

    static string Show(object? value) => value switch
    {
        null => "$null",
        string text => $"'{Shorten(text)}'",
        bool flag => flag ? "$true" : "$false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        ICollection collection => string.Create(CultureInfo.InvariantCulture, $"{collection.Count} elements"),
        _ => $"an object of type {value.GetType().Name}",
    };

    static string Shorten(string text)
    {
        const int Longest = 60;
        return text.Length <= Longest ? text : text[..Longest] + "…";
    }
}

using System.Buffers.Binary;
using System.Globalization;

namespace CustomProto.Bpf;

/// <summary>
/// Refuses damage in <c>.BTF.ext</c>: what tells the source lines of instructions, and which of them the loader has to fit to the kernel
/// it runs on (CO-RE).
/// </summary>
sealed class BtfExtCheck
{
    const ushort Magic = 0xeB9F;
    const uint HeaderSize = 24;
    const uint HeaderSizeWithRelocations = 32;
    const uint LastRelocationKind = 12;
    const int InstructionSize = 8;

    readonly CheckedObject _object;
    readonly int _stringsLength;

    BtfExtCheck(CheckedObject @object)
    {
        _object = @object;
        _stringsLength = Btf.Strings(@object.File.Section(".BTF"), @object.Name).Length;
    }

    /// <summary>What is told of an instruction.</summary>
    enum Kind
    {
        Function,
        Line,
        Relocation,
    }

    /// <summary>Refuses a damaged section. An object without one is fine.</summary>
    /// <exception cref="CustomProtoException">The first thing that is wrong.</exception>
    internal static void Require(CheckedObject @object)
    {
        var section = @object.File.Section(".BTF.ext");
        if (section.IsEmpty)
        {
            return;
        }

        var check = new BtfExtCheck(@object);
        if (section.Length < HeaderSize
            || BinaryPrimitives.ReadUInt16LittleEndian(section) != Magic
            || section[2] != 1
            || section[3] != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) is var headerLength
                && (headerLength < HeaderSize || headerLength % sizeof(uint) != 0 || headerLength > section.Length))
        {
            throw check.Damaged();
        }

        check.RequirePart(section, 8, Kind.Function, recordSize: 8);
        check.RequirePart(section, 16, Kind.Line, recordSize: 16);
        if (headerLength >= HeaderSizeWithRelocations)
        {
            check.RequirePart(section, 24, Kind.Relocation, recordSize: 16);
        }
    }

    void RequirePart(ReadOnlySpan<byte> section, int field, Kind kind, int recordSize)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(section[field..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(section[(field + 4)..]);
        var start = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(section[4..]) + offset;
        if (length == 0)
        {
            return;
        }

        if (offset % sizeof(uint) != 0 || length < sizeof(uint) || start + length > (ulong)section.Length)
        {
            throw Damaged();
        }

        var rest = section.Slice((int)start, (int)length);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (size < recordSize || size % sizeof(uint) != 0 || size > section.Length)
        {
            throw Damaged();
        }

        rest = rest[sizeof(uint)..];
        while (!rest.IsEmpty)
        {
            rest = RequireRecords(rest, kind, (int)size);
        }
    }

    /// <summary>Checks what is told about one section of code.</summary>
    /// <returns>What follows.</returns>
    ReadOnlySpan<byte> RequireRecords(ReadOnlySpan<byte> rest, Kind kind, int size)
    {
        const int GroupHeaderSize = 8;
        if (rest.Length < GroupHeaderSize)
        {
            throw Damaged();
        }

        var name = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        rest = rest[GroupHeaderSize..];
        if (name == 0 || name >= _stringsLength || count == 0 || count > (uint)(rest.Length / size))
        {
            throw Damaged();
        }

        var code = FindCode(ElfFile.ReadString(Btf.Strings(_object.File.Section(".BTF"), _object.Name), name));
        for (var i = 0; i < count; i++, rest = rest[size..])
        {
            RequireRecord(rest[..size], kind, code);
        }

        return rest;
    }

    ElfSection FindCode(string name)
    {
        foreach (var section in _object.File.Sections)
        {
            if (section.IsCode && section.Name == name)
            {
                return section;
            }
        }

        throw Damaged();
    }

    void RequireRecord(ReadOnlySpan<byte> record, Kind kind, ElfSection code)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(record);
        var second = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
        var isRight = offset % InstructionSize == 0 && offset < code.Size && kind switch
        {
            Kind.Function => second < _object.Types.Types.Count && _object.Types.Types[(int)second].Kind == BtfKind.Function,
            Kind.Line => second < _stringsLength && BinaryPrimitives.ReadUInt32LittleEndian(record[8..]) < _stringsLength,
            _ => IsRelocation(second, BinaryPrimitives.ReadUInt32LittleEndian(record[8..]), BinaryPrimitives.ReadUInt32LittleEndian(record[12..]))
                && ElfCheck.IsWhole(_object.File.Contents(code), code.Index, offset, _object.Symbols),
        };
        if (!isRight)
        {
            throw Damaged();
        }
    }

    /// <summary>Whether a type and a path of member numbers, such as <c>0:3:1</c>, are what clang writes; libbpf 1.1 takes negative numbers too.</summary>
    bool IsRelocation(uint type, uint path, uint kind)
    {
        if (type == 0 || type >= _object.Types.Types.Count || path >= _stringsLength || kind > LastRelocationKind)
        {
            return false;
        }

        var text = ElfFile.ReadString(Btf.Strings(_object.File.Section(".BTF"), _object.Name), path);
        foreach (var number in text.Split(':'))
        {
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return false;
            }
        }

        return true;
    }

    CustomProtoException Damaged() => InvalidObject.WithoutTypes(_object.Name, "its .BTF.ext is damaged");
}

using System.Buffers.Binary;
using CustomProto.Bpf;

namespace CustomProto.KernelTests.Programs;

/// <summary>Damages object files: anywhere, and where it hurts (headers, tables, types). The same seed gives the same damage.</summary>
sealed class ObjectMutator(byte[] original, int seed)
{
    /// <summary>Numbers that sizes, counts, indices and offsets go wrong at.</summary>
    static readonly ulong[] s_edges =
    [
        0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 26, 64, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xfff1, 0xffff, 0x10000, 0x7fffffff,
        0x80000000, 0xfffffff8, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0xfffffffffffffff8, 0xffffffffffffffff,
    ];

    /// <summary>The fields of a section's header: where and how wide.</summary>
    static readonly (int Offset, int Width)[] s_headerFields = [(0, 4), (4, 4), (8, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8)];

    static readonly (int Offset, int Width)[] s_symbolFields = [(0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 8)];

    readonly Random _random = new(seed);
    readonly ElfSection[] _sections = [.. ElfFile.Parse(original, "original").Sections];
    readonly int _table = (int)BinaryPrimitives.ReadUInt64LittleEndian(original.AsSpan(40));

    /// <summary>A copy with one to four kinds of damage.</summary>
    internal byte[] Next()
    {
        var bytes = (byte[])original.Clone();
        for (var changes = _random.Next(4) == 0 ? _random.Next(2, 5) : 1; changes > 0; changes--)
        {
            bytes = Change(bytes);
        }

        return bytes;
    }

    byte[] Change(byte[] bytes)
    {
        switch (_random.Next(16))
        {
            case 0:
                bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
                break;
            case 2:
                return _random.Next(4) == 0 ? [.. bytes, .. new byte[_random.Next(1, 100)]] : bytes[.._random.Next(bytes.Length)];
            case 3:
                Replace(bytes, _random.Next(64), 1 << _random.Next(4));
                break;
            case 4 or 5:
                ReplaceField(bytes, _table + (64 * _random.Next(_sections.Length)), s_headerFields);
                break;
            case 6:
                SwapHeaders(bytes);
                break;
            case 7:
                CopyContents(bytes);
                break;
            case 8 or 9:
                ReplaceEntry(bytes, ElfSectionType.Symbols, 24, s_symbolFields);
                break;
            case 10:
                ReplaceEntry(bytes, ElfSectionType.Relocations, 16, [(0, 8), (8, 4), (12, 4)]);
                break;
            case 11 or 12:
                ReplaceWord(bytes, ".BTF", _random.Next(4) == 0 ? 24 : int.MaxValue);
                break;
            case 13:
                ReplaceWord(bytes, ".BTF.ext", _random.Next(4) == 0 ? 32 : int.MaxValue);
                break;
            case 14:
                ReplaceCode(bytes);
                break;
            default:
                ReplaceText(bytes);
                break;
        }

        return bytes;
    }

    void ReplaceField(byte[] bytes, int at, (int Offset, int Width)[] fields)
    {
        var (offset, width) = fields[_random.Next(fields.Length)];
        Replace(bytes, at + offset, width);
    }

    /// <summary>Puts another number: an edge, a neighbour of what was there, a small one, or any.</summary>
    void Replace(byte[] bytes, int at, int width)
    {
        Span<byte> value = stackalloc byte[8];
        if (at < 0 || at + width > bytes.Length)
        {
            return;
        }

        value.Clear();
        bytes.AsSpan(at, width).CopyTo(value);
        var old = BinaryPrimitives.ReadUInt64LittleEndian(value);
        var changed = _random.Next(5) switch
        {
            0 => old + (ulong)(_random.Next(2) == 0 ? 1 : -1) * (1UL << _random.Next(5)),
            1 => (ulong)_random.Next(256),
            2 => (ulong)_random.NextInt64(),
            3 => (ulong)_random.Next(bytes.Length),
            _ => s_edges[_random.Next(s_edges.Length)],
        };
        BinaryPrimitives.WriteUInt64LittleEndian(value, changed);
        value[..width].CopyTo(bytes.AsSpan(at));
    }

    void SwapHeaders(byte[] bytes)
    {
        var (one, other) = (_random.Next(1, _sections.Length), _random.Next(1, _sections.Length));
        var (start, length) = _random.Next(3) switch
        {
            0 => (0, 64),
            1 => (24, 16),
            _ => (0, 8),
        };
        Span<byte> kept = stackalloc byte[64];
        if (_table + (64 * _sections.Length) > bytes.Length)
        {
            return;
        }

        var first = bytes.AsSpan(_table + (64 * one) + start, length);
        var second = bytes.AsSpan(_table + (64 * other) + start, length);
        first.CopyTo(kept);
        second.CopyTo(first);
        kept[..length].CopyTo(second);
    }

    void CopyContents(byte[] bytes)
    {
        var (from, to) = (Pick(), Pick());
        var length = (int)Math.Min(from.Size, to.Size);
        if ((int)from.Offset + length <= bytes.Length && (int)to.Offset + length <= bytes.Length)
        {
            bytes.AsSpan((int)from.Offset, length).CopyTo(bytes.AsSpan((int)to.Offset));
        }
    }

    ElfSection Pick(Func<ElfSection, bool>? filter = null)
    {
        var fitting = _sections.Where(section => section is { Size: > 0, Type: not ElfSectionType.Zeros } && (filter is null || filter(section))).ToArray();
        return fitting.Length == 0 ? default : fitting[_random.Next(fitting.Length)];
    }

    void ReplaceEntry(byte[] bytes, ElfSectionType type, int size, (int Offset, int Width)[] fields)
    {
        var section = Pick(section => section.Type == type && !section.Name.Contains("debug", StringComparison.Ordinal));
        if (section.Size > 0)
        {
            ReplaceField(bytes, (int)section.Offset + (size * _random.Next((int)section.Size / size)), fields);
        }
    }

    void ReplaceWord(byte[] bytes, string name, int among)
    {
        var section = Pick(section => section.Name == name);
        if (section.Size > 0)
        {
            Replace(bytes, (int)section.Offset + (4 * _random.Next(Math.Min((int)section.Size, among) / 4)), _random.Next(4) == 0 ? 2 : 4);
        }
    }

    void ReplaceCode(byte[] bytes)
    {
        var section = Pick(section => section.IsCode);
        if (section.Size > 0)
        {
            ReplaceField(bytes, (int)section.Offset + (8 * _random.Next((int)section.Size / 8)), [(0, 1), (1, 1), (2, 2), (4, 4)]);
        }
    }

    /// <summary>Other names of sections and symbols, and other paths of members.</summary>
    void ReplaceText(byte[] bytes)
    {
        string[] texts = [".maps\0", ".data\0", ".kconfig\0", ".ksyms\0", ".struct_ops\0", ".bss\0", "maps\0", ".text\0", "0:-1\0", "0:99:99\0", "xdp\0", "%s%n%s\0"];
        var section = Pick(section => section.Type == ElfSectionType.Strings || section.Name == ".BTF");
        var text = System.Text.Encoding.ASCII.GetBytes(texts[_random.Next(texts.Length)]);
        var at = (int)section.Offset + _random.Next((int)section.Size);

        // Mostly from the beginning of a text on.
        while (_random.Next(8) != 0 && at < bytes.Length && at > 0 && bytes[at - 1] != 0)
        {
            at++;
        }

        if (at + text.Length <= bytes.Length)
        {
            text.CopyTo(bytes, at);
        }
    }
}

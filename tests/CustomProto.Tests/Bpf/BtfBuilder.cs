using System.Buffers.Binary;
using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

/// <summary>Makes <c>.BTF</c> sections (Documentation/bpf/btf.rst).</summary>
static class BtfBuilder
{
    const int HeaderSize = 24;

    /// <summary>A section that describes nothing.</summary>
    internal static Btf Empty() => Btf.Parse(Section([], "\0"u8), "empty");

    /// <summary>A section of types, each of whole 32-bit words, and strings.</summary>
    internal static byte[] Section(ReadOnlySpan<uint> types, ReadOnlySpan<byte> strings)
    {
        var section = new byte[HeaderSize + (types.Length * sizeof(uint)) + strings.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(section, 0xeB9F);
        section[2] = 1;
        Write(section, 4, HeaderSize);
        Write(section, 12, (uint)types.Length * sizeof(uint));
        Write(section, 16, (uint)types.Length * sizeof(uint));
        Write(section, 20, (uint)strings.Length);
        for (var i = 0; i < types.Length; i++)
        {
            Write(section, HeaderSize + (i * sizeof(uint)), types[i]);
        }

        strings.CopyTo(section.AsSpan(section.Length - strings.Length));
        return section;
    }

    static void Write(byte[] section, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(at), value);
}

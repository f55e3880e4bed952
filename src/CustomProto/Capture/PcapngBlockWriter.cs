using System.Buffers.Binary;
using System.Text;

namespace CustomProto.Capture;

/// <summary>Blocks of pcapng as they are written, one after the other, into memory. In little-endian byte order.</summary>
sealed class PcapngBlockWriter
{
    const int MinRoom = 1 << 18;

    byte[] _bytes = new byte[MinRoom];
    int _block;

    /// <summary>What was written since <see cref="Clear"/>.</summary>
    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>How much was written.</summary>
    internal int Length { get; private set; }

    /// <summary>Forgets what was written.</summary>
    internal void Clear() => Length = 0;

    /// <summary>Begins a block.</summary>
    internal void Begin(uint type)
    {
        _block = Length;
        UInt32(type);
        UInt32(0);
    }

    /// <summary>Ends the block: now its length is known.</summary>
    internal void End()
    {
        var length = (uint)(Length - _block + sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(_block + sizeof(uint)), length);
        UInt32(length);
    }

    internal void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    internal void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    internal void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    /// <summary>A time, its upper half first.</summary>
    internal void Time(long value)
    {
        UInt32((uint)(value >> 32));
        UInt32((uint)value);
    }

    /// <summary>Room for bytes, and behind them zeros up to a multiple of four.</summary>
    internal Span<byte> Bytes(int length)
    {
        var padded = Take(PcapngBlocks.Padded(length));
        padded[length..].Clear();
        return padded[..length];
    }

    internal void Option(ushort code, uint value)
    {
        OptionHeader(code, sizeof(uint));
        UInt32(value);
    }

    internal void Option(ushort code, ulong value)
    {
        OptionHeader(code, sizeof(ulong));
        UInt64(value);
    }

    internal void Option(ushort code, ReadOnlySpan<byte> value)
    {
        OptionHeader(code, value.Length);
        value.CopyTo(Bytes(value.Length));
    }

    internal void Option(ushort code, string text) => Option(code, Encoding.UTF8.GetBytes(text));

    internal void EndOptions() => OptionHeader(PcapngBlocks.EndOfOptions, 0);

    void OptionHeader(ushort code, int length)
    {
        UInt16(code);
        UInt16((ushort)length);
    }

    Span<byte> Take(int length)
    {
        if (_bytes.Length - Length < length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + length));
        }

        var taken = _bytes.AsSpan(Length, length);
        Length += length;
        return taken;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>Builds one netlink message in borrowed memory. What doesn't fit is an exception, so give it room.</summary>
ref struct NetlinkMessageWriter
{
    readonly Span<byte> _buffer;
    int _length;

    internal NetlinkMessageWriter(Span<byte> buffer, ushort type, ushort flags = 0)
    {
        _buffer = buffer;
        Append(new MessageHeader { Type = type, Flags = flags });
    }

    /// <summary>Writes the structure that the message type starts with.</summary>
    internal void Append<T>(in T value)
        where T : unmanaged
    {
        var room = _buffer.Slice(_length, Unsafe.SizeOf<T>());
        Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(room), value);
        Advance(room.Length);
    }

    /// <summary>Writes an attribute of bytes, such as an address or a name.</summary>
    internal void Attribute(ushort type, scoped ReadOnlySpan<byte> value)
    {
        var length = Unsafe.SizeOf<AttributeHeader>() + value.Length;
        Append(new AttributeHeader { Type = type, Length = checked((ushort)length) });
        value.CopyTo(_buffer[_length..]);
        Advance(value.Length);
    }

    /// <summary>Writes an attribute of 32 bits.</summary>
    internal void Attribute(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(bytes), value);
        Attribute(type, bytes);
    }

    /// <summary>Begins an attribute of attributes.</summary>
    /// <returns>What <see cref="EndNested"/> wants.</returns>
    internal int BeginNested(ushort type)
    {
        var at = _length;
        Append(new AttributeHeader { Type = type });
        return at;
    }

    /// <summary>Ends an attribute of attributes.</summary>
    internal readonly void EndNested(int at) =>
        Unsafe.WriteUnaligned(ref _buffer[at], checked((ushort)(_length - at)));

    /// <summary>Fills in what only the sending socket knows and gives out the finished message.</summary>
    internal readonly ReadOnlySpan<byte> Complete(ushort flags, uint sequence)
    {
        ref var header = ref Unsafe.As<byte, MessageHeader>(ref MemoryMarshal.GetReference(_buffer));
        header.Length = (uint)_length;
        header.Flags |= flags;
        header.Sequence = sequence;
        return _buffer[.._length];
    }

    /// <summary>Moves on and clears the padding: the memory may be a stack's.</summary>
    void Advance(int written)
    {
        var end = _length + written;
        _length = (end + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1);
        _buffer[end.._length].Clear();
    }
}

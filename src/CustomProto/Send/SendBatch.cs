using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>
/// What one <c>sendmmsg</c> call takes: up to <see cref="MaxCount"/> messages over memory that stays in place, made once and used
/// for every call.
/// </summary>
/// <remarks>Arrays of the pinned object heap: the pointers in them hold as long as this object does, and nothing has to be freed.</remarks>
sealed unsafe class SendBatch
{
    /// <summary>How many messages a call takes at most.</summary>
    internal const int MaxCount = 64;

    const int CacheLine = 64;

    readonly Libc.MultiMessageHeader[] _headers = GC.AllocateArray<Libc.MultiMessageHeader>(MaxCount, pinned: true);
    readonly Libc.IoVector[] _vectors = GC.AllocateArray<Libc.IoVector>(MaxCount, pinned: true);
    byte[] _memory = [];
    int _stride;
    int _length;

    internal SendBatch()
    {
        for (var i = 0; i < MaxCount; i++)
        {
            _headers[i].Header.Vectors = Address(_vectors, i);
            _headers[i].Header.VectorCount = 1;
        }
    }

    /// <summary>The messages, for <c>sendmmsg</c>; keep the batch alive as long as they are used.</summary>
    internal Libc.MultiMessageHeader* Headers => Address(_headers, 0);

    /// <summary>The bytes of a message.</summary>
    internal Span<byte> this[int slot] => _memory.AsSpan(slot * _stride, _length);

    /// <summary>Lays out messages of one length.</summary>
    /// <param name="count">How many messages.</param>
    /// <param name="length">Their length in bytes.</param>
    /// <param name="shared">Whether all are the same bytes, those of slot 0.</param>
    internal void Lay(int count, int length, bool shared)
    {
        _length = length;
        _stride = shared ? 0 : (length + CacheLine - 1) & -CacheLine;
        var needed = shared ? length : count * _stride;
        if (_memory.Length < needed)
        {
            _memory = GC.AllocateUninitializedArray<byte>(needed, pinned: true);
        }

        for (var i = 0; i < count; i++)
        {
            _vectors[i].Base = length == 0 ? null : Address(_memory, i * _stride);
            _vectors[i].Length = (nuint)length;
        }
    }

    static T* Address<T>(T[] pinned, int index)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(pinned), index));
}

using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Tests.Bpf;

/// <summary>
/// The memory of a ring buffer as the kernel lays it out, in a file: the consumer's page, the producer's page, the data, and the data once
/// more. What a program and a kernel would write is written by hand, right or wrong.
/// </summary>
sealed unsafe class FakeRing : IDisposable
{
    internal const int Size = 1 << 14;
    internal const uint Busy = 1u << 31;
    internal const uint Discarded = 1u << 30;

    const int O_RDWR = 2;

    readonly string _path = Path.Combine(Path.GetTempPath(), $"customproto-ring-{Guid.NewGuid():N}");
    readonly FileDescriptor _file;
    readonly MemoryMapping _memory;

    internal FakeRing(TimeSpan? patience = null)
    {
        using (var file = new FileStream(_path, FileMode.CreateNew))
        {
            file.SetLength((long)Length);
        }

        _file = Libc.Open(_path, O_RDWR | Libc.O_CLOEXEC);
        File.Delete(_path);
        _memory = MemoryMapping.Map(_file, Length, Libc.PROT_READ | Libc.PROT_WRITE, 0, "fake");
        Reader = new RingReader(new BpfMap("fake", _file.Duplicate("fake")), Size, patience);
    }

    /// <summary>What is tested.</summary>
    internal RingReader Reader { get; }

    /// <summary>How far the reader says it has read.</summary>
    internal ulong Consumer
    {
        get => *(ulong*)_memory.Address;
        set => *(ulong*)_memory.Address = value;
    }

    /// <summary>How far the program says it has written.</summary>
    internal ulong Producer
    {
        get => *(ulong*)(_memory.Address + Page);
        set => *(ulong*)(_memory.Address + Page) = value;
    }

    static int Page => Environment.SystemPageSize;

    static nuint Length => (nuint)((2 * Page) + (2 * Size));

    public void Dispose()
    {
        Reader.Dispose();
        _memory.Dispose();
        _file.Dispose();
    }

    /// <summary>Appends a record, as the kernel does.</summary>
    internal void Append(ReadOnlySpan<byte> record, uint flags = 0)
    {
        WriteLength(Producer, (uint)record.Length | flags);
        for (var i = 0; i < record.Length; i++)
        {
            Write(Producer + 8 + (ulong)i, record[i]);
        }

        Producer += (ulong)((8 + record.Length + 7) & ~7);
    }

    /// <summary>Writes what stands where a record's length does.</summary>
    internal void WriteLength(ulong position, uint value)
    {
        var bytes = BitConverter.GetBytes(value);
        for (var i = 0; i < bytes.Length; i++)
        {
            Write(position + (ulong)i, bytes[i]);
        }
    }

    /// <summary>Writes a byte of the data, in both places.</summary>
    internal void Write(ulong position, byte value)
    {
        var at = (int)(position % Size);
        Data[at] = value;
        Data[at + Size] = value;
    }

    Span<byte> Data => MemoryMarshal.CreateSpan(ref *(_memory.Address + (2 * Page)), 2 * Size);
}

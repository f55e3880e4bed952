using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>An owned mapping of a map's or a ring's memory; unmapped exactly once, and not while someone holds a reference.</summary>
sealed unsafe class MemoryMapping : SafeHandle
{
    readonly nuint _length;

    MemoryMapping(nint address, nuint length)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        SetHandle(address);
        _length = length;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>The first byte. Valid while the caller holds a reference to the handle.</summary>
    internal byte* Address => (byte*)handle;

    /// <summary>Maps memory of a descriptor, shared.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static MemoryMapping Map(FileDescriptor descriptor, nuint length, int protection, nint offset, string target)
    {
        var address = Libc.MMap(null, length, protection, Libc.MAP_SHARED, descriptor, offset);
        return (nint)address == -1
            ? throw Failures.Create(Operation.MapMemory, Marshal.GetLastPInvokeError(), target)
            : new MemoryMapping((nint)address, length);
    }

    protected override bool ReleaseHandle() => Libc.MUnmap((void*)handle, _length) == 0;
}

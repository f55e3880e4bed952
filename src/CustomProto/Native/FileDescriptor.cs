using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CustomProto.Native;

/// <summary>An owned file descriptor (socket, map, program, link, eventfd): closed exactly once.</summary>
sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>Needed by the import generator, which fills in the descriptor.</summary>
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Takes ownership of a descriptor that a call returned.</summary>
    internal FileDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <inheritdoc/>
    /// <remarks>Calls return 32 bits, of which the upper half of the handle knows nothing.</remarks>
    public override bool IsInvalid => unchecked((int)(nint)handle) == -1;

    /// <summary>Another descriptor for the same thing, with an owner of its own.</summary>
    /// <param name="target">What it is, for the error message.</param>
    /// <exception cref="NativeException">The process has no descriptor left.</exception>
    internal FileDescriptor Duplicate(string target)
    {
        using var borrowed = new BorrowedDescriptor(this);
        return Duplicate(borrowed.Value, target);
    }

    /// <summary>A descriptor for what another owner's descriptor stands for.</summary>
    /// <exception cref="NativeException">The process has no descriptor left.</exception>
    internal static FileDescriptor Duplicate(int descriptor, string target)
    {
        var duplicate = Libc.FCntl(descriptor, Libc.F_DUPFD_CLOEXEC, 0);
        return duplicate.IsInvalid
            ? throw Failures.Create(Operation.OpenKernelObject, Marshal.GetLastPInvokeError(), $"'{target}'")
            : duplicate;
    }

    protected override bool ReleaseHandle() => Libc.Close(handle.ToInt32()) == 0;
}

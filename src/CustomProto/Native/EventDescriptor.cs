using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>An eventfd(2): what ends a wait from another thread.</summary>
sealed unsafe class EventDescriptor : IDisposable
{
    /// <summary>Makes one that isn't signalled.</summary>
    /// <exception cref="NativeException">The process has no descriptor left.</exception>
    internal EventDescriptor()
    {
        Descriptor = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (Descriptor.IsInvalid)
        {
            throw Failures.Create(Operation.Wait, Marshal.GetLastPInvokeError(), "an event");
        }
    }

    /// <summary>Readable while it is signalled.</summary>
    internal FileDescriptor Descriptor { get; }

    /// <summary>Signals it; nothing happens after it was closed.</summary>
    internal void Signal()
    {
        var one = 1UL;
        try
        {
            _ = Libc.Write(Descriptor, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <summary>Takes the signal back; nothing happens after it was closed.</summary>
    internal void Clear()
    {
        ulong count;
        try
        {
            _ = Libc.Read(Descriptor, &count, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();
}

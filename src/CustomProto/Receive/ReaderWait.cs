using System.Runtime.InteropServices;
using CustomProto.Native;

namespace CustomProto.Receive;

/// <summary>Sleeping until something is in a ring.</summary>
static unsafe class ReaderWait
{
    const int MaxOnStack = 32;

    /// <summary>
    /// Waits until one of the readers has something, has ended, or the time is over; which of them it is shows when they are read.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static void UntilAny(ReadOnlySpan<MessageReader> readers, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // All are waited for together, so it is enough to signal one.
        using var registration = cancellationToken.UnsafeRegister(static stop => ((EventDescriptor)stop!).Signal(), readers[0].Stop);
        var held = 0;
        try
        {
            while (held < readers.Length && readers[held].TryHold())
            {
                held++;
            }

            if (held == readers.Length)
            {
                Sleep(readers, timeout);
            }
        }
        finally
        {
            while (--held >= 0)
            {
                readers[held].Release();
            }
        }

        foreach (var reader in readers)
        {
            reader.Stop.Clear();
        }
    }

    /// <summary>
    /// The program wakes only a reader that says it sleeps, so the word is set first, then the ring is looked at once more: with the
    /// barrier between the two, either this sees the record or the program sees the word.
    /// </summary>
    static void Sleep(ReadOnlySpan<MessageReader> readers, TimeSpan timeout)
    {
        var nothing = true;
        try
        {
            foreach (var reader in readers)
            {
                reader.SetSleeping(true);
                nothing &= reader.WouldWait();
            }

            if (nothing)
            {
                Poll(readers, timeout);
            }
        }
        finally
        {
            foreach (var reader in readers)
            {
                reader.SetSleeping(false);
            }
        }
    }

    static void Poll(ReadOnlySpan<MessageReader> readers, TimeSpan timeout)
    {
        var count = 2 * readers.Length;
        Span<Libc.PollDescriptor> descriptors = readers.Length <= MaxOnStack ? stackalloc Libc.PollDescriptor[count] : new Libc.PollDescriptor[count];
        for (var i = 0; i < readers.Length; i++)
        {
            // The callers hold both, so the numbers stay what they are.
            descriptors[2 * i] = new() { Descriptor = (int)readers[i].Ring.DangerousGetHandle(), Events = Libc.POLLIN };
            descriptors[(2 * i) + 1] = new() { Descriptor = (int)readers[i].Stop.Descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
        }

        var milliseconds = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
        fixed (Libc.PollDescriptor* first = descriptors)
        {
            if (Libc.Poll(first, (nuint)count, milliseconds) < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw Failures.Create(Operation.Wait, errno, "messages");
            }
        }
    }
}

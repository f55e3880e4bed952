using System.Runtime.InteropServices;
using CustomProto.Bpf;
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
    internal static void UntilAny(ReadOnlySpan<MessageReader> readers, TimeSpan timeout, CancellationToken cancellationToken) =>
        UntilAny(readers, [], timeout, cancellationToken);

    /// <inheritdoc cref="UntilAny(ReadOnlySpan{MessageReader}, TimeSpan, CancellationToken)"/>
    /// <param name="readers">The readers. Without any, the token isn't looked at: a descriptor of it has to be among the others.</param>
    /// <param name="others">Descriptors, kept open by the caller, that end the wait too when they can be read from.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    internal static void UntilAny(
        ReadOnlySpan<MessageReader> readers, ReadOnlySpan<int> others, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // All are waited for together, so it is enough to signal one.
        using var registration = readers.IsEmpty
            ? default
            : cancellationToken.UnsafeRegister(static stop => ((EventDescriptor)stop!).Signal(), readers[0].Stop);
        var held = 0;
        try
        {
            while (held < readers.Length && readers[held].TryHold())
            {
                held++;
            }

            if (held == readers.Length)
            {
                Sleep(readers, others, timeout);
            }
        }
        finally
        {
            while (--held >= 0)
            {
                readers[held].Release();
            }
        }
    }

    /// <summary>
    /// The program wakes only a reader that says it sleeps, so the word is set first, then the ring is looked at once more: with the
    /// barrier between the two, either this sees the record or the program sees the word.
    /// </summary>
    static void Sleep(ReadOnlySpan<MessageReader> readers, ReadOnlySpan<int> others, TimeSpan timeout)
    {
        try
        {
            var state = RingState.Empty;
            foreach (var reader in readers)
            {
                reader.SetSleeping(true);
                state = (RingState)Math.Max((int)state, (int)reader.State);
            }

            if (state == RingState.Empty)
            {
                Poll(readers, others, timeout, Libc.POLLIN);
            }
            else if (state == RingState.Busy)
            {
                AwaitWriter(readers, others, timeout);
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

    /// <summary>
    /// A record is being written, which takes an instant, unless the machine stops the CPU that writes. A ring with something in it never
    /// makes a poll wait, so this looks again, and less often after a while.
    /// </summary>
    static void AwaitWriter(ReadOnlySpan<MessageReader> readers, ReadOnlySpan<int> others, TimeSpan timeout)
    {
        const int Looks = 50;
        var pause = TimeSpan.FromMilliseconds(1);
        var spinner = default(SpinWait);
        for (var look = 0; look < Looks; look++)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
            foreach (var reader in readers)
            {
                if (reader.State == RingState.Ready)
                {
                    return;
                }
            }
        }

        Poll(readers, others, timeout == Timeout.InfiniteTimeSpan || timeout > pause ? pause : timeout, ringEvents: 0);
    }

    static void Poll(ReadOnlySpan<MessageReader> readers, ReadOnlySpan<int> others, TimeSpan timeout, short ringEvents)
    {
        var count = (2 * readers.Length) + others.Length;
        Span<Libc.PollDescriptor> descriptors = count <= 2 * MaxOnStack ? stackalloc Libc.PollDescriptor[count] : new Libc.PollDescriptor[count];
        for (var i = 0; i < readers.Length; i++)
        {
            // The callers hold both, so the numbers stay what they are.
            descriptors[2 * i] = new() { Descriptor = (int)readers[i].Ring.DangerousGetHandle(), Events = ringEvents };
            descriptors[(2 * i) + 1] = new() { Descriptor = (int)readers[i].Stop.Descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
        }

        for (var i = 0; i < others.Length; i++)
        {
            descriptors[(2 * readers.Length) + i] = new() { Descriptor = others[i], Events = Libc.POLLIN };
        }

        var milliseconds = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
        fixed (Libc.PollDescriptor* first = descriptors)
        {
            if (Libc.Poll(first, (nuint)count, milliseconds) < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw Failures.Create(Operation.Wait, errno, "messages");
            }
        }

        // A signal is for one wait. One that comes between two waits ends the next at once, which then looks why.
        for (var i = 0; i < readers.Length; i++)
        {
            if (descriptors[(2 * i) + 1].Returned != 0)
            {
                readers[i].Stop.Clear();
            }
        }
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Receive;

/// <summary>Sleeping until something is in a ring.</summary>
static unsafe class ReaderWait
{
    const int MaxOnStack = 32;

    /// <summary>The kernel makes about twice as much of it, as it does with all timers.</summary>
    static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(50);

    /// <summary>
    /// Waits until one of the readers has something, has ended, or the time is over; which of them it is shows when they are read. It may
    /// return for nothing, too.
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

            if (held < readers.Length)
            {
                return;
            }

            if (others.IsEmpty && ExpectsSeveral(readers))
            {
                Pause(timeout);
            }
            else
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
    /// Whether messages come so fast that being woken for each would take most of the reader's time, and of the CPU's that receives them.
    /// Every reader is asked, as that is what the answer to the next question is since.
    /// </summary>
    static bool ExpectsSeveral(ReadOnlySpan<MessageReader> readers)
    {
        var isExpected = false;
        var now = Stopwatch.GetTimestamp();
        foreach (var reader in readers)
        {
            isExpected |= reader.Expects(s_pause, now);
        }

        return isExpected;
    }

    /// <summary>Lets several messages come, without a wake-up; too short for anybody to want to end it.</summary>
    static void Pause(TimeSpan timeout)
    {
        var pause = timeout == Timeout.InfiniteTimeSpan || timeout > s_pause ? s_pause : timeout;
        var time = new Libc.TimeSpec { Nanoseconds = (long)pause.TotalNanoseconds };
        _ = Libc.PPoll(null, 0, &time, null);
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

            if (state == RingState.Empty && !LookFirst(readers))
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

    /// <summary>Before its first wait a reader looks whether there is anything to wait for.</summary>
    /// <returns>Whether there is news for one of them.</returns>
    static bool LookFirst(ReadOnlySpan<MessageReader> readers)
    {
        var isNews = false;
        foreach (var reader in readers)
        {
            isNews |= reader.LookFirst();
        }

        return isNews;
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
        const int Each = 3;
        var count = (Each * readers.Length) + others.Length;
        Span<Libc.PollDescriptor> descriptors = count <= Each * MaxOnStack ? stackalloc Libc.PollDescriptor[count] : new Libc.PollDescriptor[count];
        for (var i = 0; i < readers.Length; i++)
        {
            // The callers hold them, so the numbers stay what they are. A negative one is passed over.
            descriptors[Each * i] = new() { Descriptor = (int)readers[i].Ring.DangerousGetHandle(), Events = ringEvents };
            descriptors[(Each * i) + 1] = new() { Descriptor = (int)readers[i].Stop.Descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
            descriptors[(Each * i) + 2] = new() { Descriptor = (int)(readers[i].News?.DangerousGetHandle() ?? -1), Events = Libc.POLLIN };
        }

        for (var i = 0; i < others.Length; i++)
        {
            descriptors[(Each * readers.Length) + i] = new() { Descriptor = others[i], Events = Libc.POLLIN };
        }

        // Not all that ends a stream is told by the kernel, so a reader doesn't sleep long without a look.
        var isSlice = readers.Length > 0 && (timeout == Timeout.InfiniteTimeSpan || timeout > ReceiverWatch.Interval);
        var slept = isSlice ? ReceiverWatch.Interval : timeout;
        var milliseconds = slept == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Min(Math.Ceiling(slept.TotalMilliseconds), int.MaxValue);
        int ready;
        fixed (Libc.PollDescriptor* first = descriptors)
        {
            ready = Libc.Poll(first, (nuint)count, milliseconds);
            if (ready < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw Failures.Create(Operation.Wait, errno, "messages");
            }
        }

        for (var i = 0; i < readers.Length; i++)
        {
            // A signal is for one wait. One that comes between two waits ends the next at once, which then looks why.
            if (descriptors[(Each * i) + 1].Returned != 0)
            {
                readers[i].Stop.Clear();
            }

            if (descriptors[(Each * i) + 2].Returned != 0 || (isSlice && ready == 0))
            {
                readers[i].Look();
            }
        }
    }
}

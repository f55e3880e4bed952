using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>Sleeps until a time on CLOCK_MONOTONIC, or until a token is cancelled.</summary>
sealed unsafe class CancellableWait(CancellationToken token) : IDisposable
{
    const long NanosecondsPerSecond = 1_000_000_000;

    readonly CancellationDescriptor _cancellation = new(token);

    /// <summary>Returns at the time, a little later, or when the token is cancelled; at once if the time has passed.</summary>
    /// <param name="time">Nanoseconds.</param>
    internal void Until(long time)
    {
        using var cancellation = new BorrowedDescriptor(_cancellation.Descriptor);
        var descriptor = new Libc.PollDescriptor { Descriptor = cancellation.Value, Events = Libc.POLLIN };
        for (var left = time - Libc.ReadClock(Libc.CLOCK_MONOTONIC); left > 0; left = time - Libc.ReadClock(Libc.CLOCK_MONOTONIC))
        {
            var timeout = new Libc.TimeSpec { Seconds = left / NanosecondsPerSecond, Nanoseconds = left % NanosecondsPerSecond };
            var ready = Libc.PPoll(&descriptor, 1, &timeout, null);
            if (ready > 0)
            {
                return;
            }

            if (ready < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw Failures.Create(Operation.Wait, errno, "the time to send");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cancellation.Dispose();
}

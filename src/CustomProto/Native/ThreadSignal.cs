using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>
/// Ends a system call of another thread: a signal that does nothing makes it return EINTR. Only for calls that nothing else ends, such as
/// a long test run; a wait has a <see cref="CancellationDescriptor"/>.
/// </summary>
static class ThreadSignal
{
    /// <summary>One of the signals that are for anybody's use (signal(7)); the runtime takes the first, the C library those below.</summary>
    const int Number = 41;

    /// <summary>
    /// For as long as the process lives: without a handler, a signal that is still on its way would end the process.
    /// </summary>
    static readonly Lazy<PosixSignalRegistration> s_handler = new(() => PosixSignalRegistration.Create((PosixSignal)Number, context => context.Cancel = true));

    /// <summary>Sees to it that the signal does nothing; before the first thread that may get it starts.</summary>
    internal static void Prepare() => _ = s_handler.Value;

    /// <summary>Signals a thread of this process once. It may be just before its system call, so do it until it has ended.</summary>
    /// <param name="thread">The number that <see cref="Libc.GetTid"/> gave the thread.</param>
    internal static void Send(int thread)
    {
        Prepare();
        _ = Libc.TgKill(Environment.ProcessId, thread, Number);
    }
}

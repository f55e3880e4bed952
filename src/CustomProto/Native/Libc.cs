using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>The C library's calls, under their own names; parts by concern: this one for descriptors, memory, waiting and clocks.</summary>
static unsafe partial class Libc
{
    const string Library = "libc";

    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 1;

    internal const int EFD_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;

    internal const short POLLIN = 0x001;
    internal const short POLLERR = 0x008;
    internal const short POLLHUP = 0x010;

    internal const int F_DUPFD_CLOEXEC = 1030;

    internal const int LOCK_EX = 2;

    internal const int CLOCK_REALTIME = 0;
    internal const int CLOCK_MONOTONIC = 1;
    internal const int CLOCK_PROCESS_CPUTIME_ID = 2;
    internal const int CLOCK_THREAD_CPUTIME_ID = 3;
    internal const int CLOCK_BOOTTIME = 7;
    internal const int CLOCK_TAI = 11;

    [LibraryImport(Library, EntryPoint = "close")]
    internal static partial int Close(int fd);

    /// <summary>Duplicates a descriptor that another owner keeps (<c>F_DUPFD_CLOEXEC</c>).</summary>
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial FileDescriptor FCntl(int fd, int command, int argument);

    [LibraryImport(Library, EntryPoint = "opendir")]
    internal static partial DirectoryStream OpenDir(byte* path);

    /// <returns>A <c>struct dirent</c> of the stream's, or nothing.</returns>
    [LibraryImport(Library, EntryPoint = "readdir")]
    internal static partial void* ReadDir(DirectoryStream stream);

    [LibraryImport(Library, EntryPoint = "dirfd")]
    internal static partial int DirFd(DirectoryStream stream);

    [LibraryImport(Library, EntryPoint = "closedir")]
    internal static partial int CloseDir(nint stream);

    [LibraryImport(Library, EntryPoint = "readlinkat")]
    internal static partial nint ReadLinkAt(int directory, byte* path, byte* buffer, nuint size);

    /// <summary>Takes a lock that goes with the descriptor: the process needn't live to give it back.</summary>
    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    internal static partial int FLock(FileDescriptor fd, int operation);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(FileDescriptor fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(FileDescriptor fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial FileDescriptor EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport(Library, EntryPoint = "ppoll", SetLastError = true)]
    internal static partial int PPoll(PollDescriptor* descriptors, nuint count, TimeSpec* timeout, void* signalMask);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial void* MMap(void* address, nuint length, int protection, int flags, FileDescriptor fd, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int MUnmap(void* address, nuint length);

    /// <summary>A read of memory without a system call, so that what surrounds a call into the kernel would cost more than it.</summary>
    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int ClockGetTime(int clock, TimeSpec* time);

    [LibraryImport(Library, EntryPoint = "vsnprintf")]
    internal static partial int VSNPrintF(byte* buffer, nuint size, byte* format, void* arguments);

    /// <summary>The kernel's number of the calling thread.</summary>
    [LibraryImport(Library, EntryPoint = "gettid")]
    internal static partial int GetTid();

    [LibraryImport(Library, EntryPoint = "tgkill", SetLastError = true)]
    internal static partial int TgKill(int process, int thread, int signal);

    [LibraryImport(Library, EntryPoint = "sched_getaffinity", SetLastError = true)]
    internal static partial int SchedGetAffinity(int thread, nuint size, void* mask);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    internal static partial int SchedSetAffinity(int thread, nuint size, void* mask);

    /// <summary>A clock's time in nanoseconds; the clocks read here can't fail.</summary>
    internal static long ReadClock(int clock)
    {
        TimeSpec time;
        _ = ClockGetTime(clock, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }

    /// <summary><c>struct timespec</c> on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>
/// The folders of our pins: one for each persistent program, under its kind (<c>/sys/fs/bpf/customproto/KIND/ID</c>). Readable by their
/// owner only.
/// </summary>
static class PinFolder
{
    const string Product = BpfFileSystem.Root + "/customproto";
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The folder of a program's pins, whether or not it is there.</summary>
    internal static string Of(string kind, uint programId) => string.Create(CultureInfo.InvariantCulture, $"{Product}/{kind}/{programId}");

    /// <summary>Makes the folder for a program's pins.</summary>
    /// <exception cref="CustomProtoException">The BPF file system isn't there, or the caller may not write to it.</exception>
    internal static void Create(string kind, uint programId)
    {
        BpfFileSystem.RequireMounted();
        try
        {
            Directory.CreateDirectory(Product, OwnerOnly);
            Directory.CreateDirectory($"{Product}/{kind}", OwnerOnly);
            Directory.CreateDirectory(Of(kind, programId), OwnerOnly);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new CustomProtoException(
                FailureKind.PermissionDenied,
                "PinNotPermitted",
                $"Cannot pin to '{Product}': {failure.Message}",
                $"Run as root (sudo pwsh), leave out -Persist, or give yourself the folder: chown $USER {BpfFileSystem.Root}",
                Product,
                failure);
        }
    }

    /// <summary>Keeps other processes from changing what is pinned for a program, until the descriptor is closed.</summary>
    /// <returns>Nothing where the program isn't pinned.</returns>
    /// <exception cref="NativeException">The folder may not be opened.</exception>
    internal static FileDescriptor? Lock(string kind, uint programId)
    {
        var folder = Of(kind, programId);
        var descriptor = Libc.Open(folder, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (descriptor.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            return errno == Errno.ENOENT ? null : throw Failures.Create(Operation.OpenPin, errno, folder);
        }

        while (Libc.FLock(descriptor, Libc.LOCK_EX) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                descriptor.Dispose();
                throw Failures.Create(Operation.OpenPin, errno, folder);
            }
        }

        return descriptor;
    }

    /// <summary>The kinds under which a program has pins.</summary>
    internal static IEnumerable<string> KindsOf(uint programId) => Kinds().Where(kind => Directory.Exists(Of(kind, programId)));

    /// <summary>Removes a program's pins, and the folders above when they are empty.</summary>
    internal static void Remove(uint programId)
    {
        foreach (var kind in KindsOf(programId).ToArray())
        {
            Directory.Delete(Of(kind, programId), recursive: true);
            RemoveIfEmpty($"{Product}/{kind}");
        }

        RemoveIfEmpty(Product);
    }

    static IEnumerable<string> Kinds()
    {
        try
        {
            return Directory.Exists(Product) ? [.. Directory.EnumerateDirectories(Product).Select(folder => Path.GetFileName(folder))] : [];
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's: nothing of it is ours.
            return [];
        }
    }

    static void RemoveIfEmpty(string folder)
    {
        try
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's.
        }
    }
}

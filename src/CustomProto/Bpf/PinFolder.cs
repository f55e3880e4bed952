using System.Globalization;

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

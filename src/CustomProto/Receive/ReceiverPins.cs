using System.Globalization;
using CustomProto.Abi;
using CustomProto.Bpf;

namespace CustomProto.Receive;

/// <summary>
/// The pins of persistent receivers: a folder for each program, under the version of the ABI, so that a process takes up only what it
/// understands. Readable by their owner only.
/// </summary>
static class ReceiverPins
{
    internal const string Link = "link";
    internal const string Program = "program";
    internal const string Settings = "settings";
    internal const string Counters = "counters";
    internal const string ReaderCounters = "reader_counters";
    internal const string Readers = "readers";
    internal const string Rings = "rings";
    internal const string Ring = "ring";
    internal const string About = "about";

    const string ProductFolder = BpfFileSystem.Root + "/customproto";
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    static readonly string s_folder = string.Create(CultureInfo.InvariantCulture, $"{ProductFolder}/v{Limit.AbiVersion}");

    /// <summary>The folder of a program's pins.</summary>
    internal static string Folder(uint programId) => string.Create(CultureInfo.InvariantCulture, $"{s_folder}/{programId}");

    /// <summary>The pin of one object.</summary>
    internal static string Path(uint programId, string name) => $"{Folder(programId)}/{name}";

    /// <summary>Makes the folder for a program's pins.</summary>
    /// <exception cref="CustomProtoException">The BPF file system isn't there, or the caller may not write to it.</exception>
    internal static void Create(uint programId)
    {
        BpfFileSystem.RequireMounted();
        try
        {
            Directory.CreateDirectory(ProductFolder, OwnerOnly);
            Directory.CreateDirectory(s_folder, OwnerOnly);
            Directory.CreateDirectory(Folder(programId), OwnerOnly);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new CustomProtoException(
                FailureKind.PermissionDenied,
                "PinNotPermitted",
                $"Cannot pin to '{ProductFolder}': {failure.Message}",
                $"Run as root (sudo pwsh), leave out -Persist, or give yourself the folder: chown $USER {BpfFileSystem.Root}",
                ProductFolder,
                failure);
        }
    }

    /// <summary>Whether a program is persistent, and of this version.</summary>
    /// <exception cref="CustomProtoException">It is persistent and of another version.</exception>
    internal static bool Exist(uint programId)
    {
        if (File.Exists(Path(programId, About)))
        {
            return true;
        }

        var id = programId.ToString(CultureInfo.InvariantCulture);
        var other = Directory.Exists(ProductFolder)
            ? Directory.EnumerateDirectories(ProductFolder).FirstOrDefault(version => version != s_folder && Directory.Exists($"{version}/{id}"))
            : null;
        return other is null
            ? false
            : throw new CustomProtoException(
                FailureKind.InvalidData,
                "OtherVersion",
                $"The program with id {id} was registered by another version of CustomProto ({System.IO.Path.GetFileName(other)}; this one is v{Limit.AbiVersion}).",
                "Unregister it with that version, or with Unregister-XdpProgram -Force.",
                programId);
    }

    /// <summary>Removes a program's pins, and the folders above when they are empty.</summary>
    internal static void Remove(uint programId)
    {
        foreach (var folder in Directory.Exists(ProductFolder) ? Directory.EnumerateDirectories(ProductFolder) : [])
        {
            var pins = $"{folder}/{programId.ToString(CultureInfo.InvariantCulture)}";
            if (Directory.Exists(pins))
            {
                Directory.Delete(pins, recursive: true);
            }
        }

        RemoveIfEmpty(s_folder);
        RemoveIfEmpty(ProductFolder);
    }

    static void RemoveIfEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }
}

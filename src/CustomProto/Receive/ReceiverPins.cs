using System.Globalization;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Native;

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
    internal const string Filters = "filters";
    internal const string KeptFilters = "kept_filters";
    internal const string Encapsulation = "encapsulation";
    internal const string Peers = "peers";
    internal const string Responders = "responders";
    internal const string KeptResponder = "kept_responder";
    internal const string Latencies = "latencies";
    internal const string About = "about";

    static readonly string s_kind = string.Create(CultureInfo.InvariantCulture, $"v{Limit.AbiVersion}");

    /// <summary>The folder of a program's pins.</summary>
    internal static string Folder(uint programId) => PinFolder.Of(s_kind, programId);

    /// <summary>The pin of one object.</summary>
    internal static string Path(uint programId, string name) => $"{Folder(programId)}/{name}";

    /// <summary>The pin of a reader's ring. Names in the BPF file system have no dots.</summary>
    internal static string RingPath(uint programId, int reader) =>
        Path(programId, reader == 0 ? Ring : string.Create(CultureInfo.InvariantCulture, $"{Ring}_{reader}"));

    /// <inheritdoc cref="PinFolder.Lock"/>
    internal static FileDescriptor? Lock(uint programId) => PinFolder.Lock(s_kind, programId);

    /// <summary>Makes the folder for a program's pins.</summary>
    /// <exception cref="CustomProtoException">The BPF file system isn't there, or the caller may not write to it.</exception>
    internal static void Create(uint programId) => PinFolder.Create(s_kind, programId);

    /// <summary>Whether a program is persistent, and of this version.</summary>
    /// <exception cref="CustomProtoException">It is persistent and of another version.</exception>
    internal static bool Exist(uint programId)
    {
        if (File.Exists(Path(programId, About)))
        {
            return true;
        }

        return PinFolder.KindsOf(programId).FirstOrDefault(kind => kind.StartsWith('v') && kind != s_kind) is not { } other
            ? false
            : throw new CustomProtoException(
                FailureKind.InvalidData,
                "OtherVersion",
                $"The program with id {programId} was registered by another version of CustomProto ({other}; this one is {s_kind}).",
                "Unregister it with that version, or with Unregister-XdpProgram -Force.",
                programId);
    }
}

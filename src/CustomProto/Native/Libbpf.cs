using System.Reflection;
using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>
/// libbpf 1.x, under its own names; parts by concern: this one for the library itself and for objects. Functions return a negative
/// error number, or a null pointer and <c>errno</c> (libbpf.h, bpf.h).
/// </summary>
static unsafe partial class Libbpf
{
    const string Library = "libbpf.so.1";
    const string LibraryVariable = "CUSTOMPROTO_LIBBPF";

    /// <remarks>The library is looked for at the first call, so that importing the module doesn't need it.</remarks>
    static Libbpf() => NativeLibrary.SetDllImportResolver(typeof(Libbpf).Assembly, Resolve);

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        var file = Environment.GetEnvironmentVariable(LibraryVariable) is { Length: > 0 } chosen ? chosen : Library;
        if (NativeLibrary.TryLoad(file, assembly, path, out var handle))
        {
            // Here and not in the constructor, where a missing library would come out as a TypeInitializationException.
            var setPrint = NativeLibrary.GetExport(handle, "libbpf_set_print");
            ((delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<int, byte*, void*, int>, nint>)setPrint)(&LibbpfLog.Print);
            return handle;
        }

        throw new CustomProtoException(
            FailureKind.NotInstalled,
            "LibbpfNotInstalled",
            $"Cannot load the library '{file}', which loads BPF programs into the kernel.",
            $"Install it (Debian and Ubuntu: apt-get install libbpf1; Fedora: dnf install libbpf), or name the file in the environment variable {LibraryVariable}.",
            file);
    }

    [LibraryImport(Library)]
    internal static partial nint libbpf_version_string();

    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library)]
    internal static partial int libbpf_probe_bpf_helper(int programType, int helper, void* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(byte* elf, nuint size, ObjectOpenOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_object__load(BpfObjectHandle @object);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint @object);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle @object, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(BpfObjectHandle @object, string name);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_map(BpfObjectHandle @object, nint previous);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial nint bpf_map__name(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__type(nint map);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_map__set_pin_path(nint map, string? path);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_initial_value(nint map, void* data, nuint size);

    /// <returns>The bytes, which the object owns until it is loaded.</returns>
    [LibraryImport(Library)]
    internal static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, byte autoload);

    [LibraryImport(Library)]
    internal static partial void bpf_program__set_ifindex(nint program, uint interfaceIndex);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_flags(nint program, uint flags);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    /// <summary><c>struct bpf_object_open_opts</c>, as far as it is used; the size says so.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectOpenOptions
    {
        internal nuint Size;
        internal byte* ObjectName;
    }
}

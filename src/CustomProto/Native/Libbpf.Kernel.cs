using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <content>Thin wrappers of bpf(2): maps, links, test runs and objects by id (bpf.h of libbpf).</content>
static unsafe partial class Libbpf
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_map_create(uint type, string name, uint keySize, uint valueSize, uint maxEntries, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(FileDescriptor map, void* key, void* value);

    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(FileDescriptor map, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(FileDescriptor map, void* key);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_batch(FileDescriptor map, void* from, void* next, void* keys, void* values, uint* count, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_link_create(FileDescriptor program, int target, int attachType, LinkCreateOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_link_update(FileDescriptor link, FileDescriptor program, LinkUpdateOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_link_detach(FileDescriptor link);

    [LibraryImport(Library)]
    internal static partial int bpf_xdp_attach(int interfaceIndex, FileDescriptor program, uint flags, XdpAttachOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_xdp_detach(int interfaceIndex, uint flags, XdpAttachOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_pin(FileDescriptor descriptor, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_get(string path);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_test_run_opts(FileDescriptor program, TestRunOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_obj_get_info_by_fd(FileDescriptor descriptor, void* info, uint* length);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_get_next_id(uint start, uint* next);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_query_opts(int target, int attachType, ProgramQueryOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_detach2(FileDescriptor program, int target, int attachType);

    [LibraryImport(Library)]
    internal static partial int bpf_enable_stats(int type);

    [LibraryImport(Library)]
    internal static partial int bpf_link_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_link_get_next_id(uint start, uint* next);

    /// <summary><c>struct bpf_link_create_opts</c>, as far as it is used; the size says so.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkCreateOptions
    {
        internal nuint Size;
        internal uint Flags;
        internal uint Reserved;
    }

    /// <summary><c>struct bpf_prog_query_opts</c>, as far as it is used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ProgramQueryOptions
    {
        internal nuint Size;
        internal uint QueryFlags;
        internal uint AttachFlags;
        internal uint* ProgramIds;
        internal uint Count;
        internal uint Reserved;
    }

    /// <summary><c>struct bpf_link_update_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkUpdateOptions
    {
        internal nuint Size;
        internal uint Flags;
        internal int OldProgramDescriptor;
    }

    /// <summary><c>struct bpf_xdp_attach_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct XdpAttachOptions
    {
        internal nuint Size;
        internal int OldProgramDescriptor;
        internal uint Reserved;
    }

    /// <summary><c>struct bpf_test_run_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TestRunOptions
    {
        internal nuint Size;
        internal void* DataIn;
        internal void* DataOut;
        internal uint DataInSize;
        internal uint DataOutSize;
        internal void* ContextIn;
        internal void* ContextOut;
        internal uint ContextInSize;
        internal uint ContextOutSize;
        internal uint ReturnValue;
        internal int Repeat;
        internal uint Duration;
        internal uint Flags;
        internal uint Cpu;
        internal uint BatchSize;
    }
}

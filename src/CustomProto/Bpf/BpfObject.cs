using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>
/// A BPF object file before it is in the kernel: opened, configured, then loaded once. Loading gives the maps and the program their own
/// descriptors, after which the object isn't needed any more.
/// </summary>
sealed unsafe class BpfObject : IDisposable
{
    /// <summary>The verifier's log of a refusal is the last this many bytes of what it said.</summary>
    const int LogSize = 1 << 20;

    readonly string _name;
    readonly BpfObjectHandle _handle;

    BpfObject(string name, BpfObjectHandle handle)
    {
        _name = name;
        _handle = handle;
    }

    /// <summary>Opens the bytes of an object file. Nothing reaches the kernel yet.</summary>
    /// <exception cref="CustomProtoException">libbpf isn't there, or can't read the bytes.</exception>
    internal static BpfObject Open(string name, byte[] elf)
    {
        LibbpfLog.Clear();
        var nameBytes = Encoding.UTF8.GetBytes(name + '\0');
        fixed (byte* bytes = elf, objectName = nameBytes)
        {
            var options = new Libbpf.ObjectOpenOptions { Size = (nuint)sizeof(Libbpf.ObjectOpenOptions), ObjectName = objectName };
            var pointer = Libbpf.bpf_object__open_mem(bytes, (nuint)elf.Length, &options);
            return pointer == 0
                ? throw NotOpened(name, Marshal.GetLastPInvokeError(), LibbpfLog.Text)
                : new BpfObject(name, new BpfObjectHandle(pointer));
        }
    }

    /// <summary>Sets the whole initial value of a section's map, such as <c>.rodata</c>.</summary>
    internal void SetInitialValue<T>(string map, T value)
        where T : unmanaged
    {
        var result = Libbpf.bpf_map__set_initial_value(FindMap(map), &value, (nuint)sizeof(T));
        if (result < 0)
        {
            throw Failures.Create(Operation.WriteMap, result, $"{_name}:{map}");
        }
    }

    /// <summary>The initial value of a section's map, to be changed before loading; nothing where no map was made of the section.</summary>
    internal Span<byte> InitialValue(string map)
    {
        nuint size = 0;
        var bytes = Libbpf.bpf_object__find_map_by_name(_handle, map) is not 0 and var found ? Libbpf.bpf_map__initial_value(found, &size) : null;
        return bytes is null ? default : new Span<byte>(bytes, (int)size);
    }

    /// <summary>Says whether a program is to be loaded; all are unless it is said.</summary>
    internal void SetAutoload(string program, bool load) => _ = Libbpf.bpf_program__set_autoload(FindProgram(program), load ? (byte)1 : (byte)0);

    /// <summary>
    /// Binds an XDP program to an interface's driver (BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3), whose metadata it may then ask for. It can be attached
    /// there only, in native mode, and not be test-run.
    /// </summary>
    internal void Bind(string program, int interfaceIndex)
    {
        const uint BPF_F_XDP_DEV_BOUND_ONLY = 1 << 6;
        var found = FindProgram(program);
        Libbpf.bpf_program__set_ifindex(found, (uint)interfaceIndex);
        _ = Libbpf.bpf_program__set_flags(found, BPF_F_XDP_DEV_BOUND_ONLY);
    }

    /// <summary>Sets how many entries a map will have.</summary>
    internal void SetMaxEntries(string map, int entries)
    {
        var result = Libbpf.bpf_map__set_max_entries(FindMap(map), (uint)entries);
        if (result < 0)
        {
            throw Failures.Create(Operation.CreateMap, result, $"{_name}:{map}");
        }
    }

    /// <summary>Has every map made anew and pinned nowhere, also one that the file has pinned by its name.</summary>
    internal void LeaveOutPins()
    {
        for (var map = NextMap(0); map != 0; map = NextMap(map))
        {
            _ = Libbpf.bpf_map__set_pin_path(map, null);
        }
    }

    /// <summary>Creates the maps and has the kernel verify and load the programs.</summary>
    /// <param name="programs">The functions that are loaded; a refusal carries the verifier's log of the one that is refused.</param>
    /// <exception cref="NativeException">The kernel refuses; the message says why and at which source line, the log everything.</exception>
    internal void Load(params ReadOnlySpan<string> programs)
    {
        LibbpfLog.Clear();
        var log = (byte*)NativeMemory.AllocZeroed(LogSize);
        try
        {
            // libbpf only asks for a log, into this buffer, when the first attempt failed.
            foreach (var program in programs)
            {
                _ = Libbpf.bpf_program__set_log_buf(FindProgram(program), log, LogSize);
            }

            var result = Libbpf.bpf_object__load(_handle);
            if (result < 0)
            {
                throw NotLoaded(programs[0], result, Marshal.PtrToStringUTF8((nint)log), LibbpfLog.Text);
            }
        }
        finally
        {
            foreach (var program in programs)
            {
                _ = Libbpf.bpf_program__set_log_buf(FindProgram(program), null, 0);
            }

            NativeMemory.Free(log);
        }
    }

    /// <summary>A map of a loaded object, with a descriptor of its own.</summary>
    internal BpfMap TakeMap(string name) => new(name, FileDescriptor.Duplicate(Libbpf.bpf_map__fd(FindMap(name)), name));

    /// <summary>
    /// The maps of programs of a loaded object, with descriptors of their own: the kernel empties one when the last descriptor and pin of
    /// it is gone, also while a program uses it.
    /// </summary>
    internal BpfMap[] TakeJumpTables()
    {
        const uint ProgramArray = 3;
        var tables = new List<BpfMap>();
        for (var map = NextMap(0); map != 0; map = NextMap(map))
        {
            if (Libbpf.bpf_map__type(map) == ProgramArray && Libbpf.bpf_map__fd(map) is >= 0 and var descriptor)
            {
                var name = Marshal.PtrToStringUTF8(Libbpf.bpf_map__name(map)) ?? "";
                tables.Add(new BpfMap(name, FileDescriptor.Duplicate(descriptor, name)));
            }
        }

        return [.. tables];
    }

    /// <summary>A program of a loaded object, with a descriptor of its own.</summary>
    internal BpfProgram TakeProgram(string name) => new(name, FileDescriptor.Duplicate(Libbpf.bpf_program__fd(FindProgram(name)), name));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    static NativeException NotOpened(string name, int errno, string? log) => Failures.Create(
        Operation.OpenObject, OwnNumber(errno), name, log: log, detail: VerifierLog.LastWords(log));

    static NativeException NotLoaded(string program, int result, string? verifier, string? library)
    {
        if (string.IsNullOrEmpty(verifier))
        {
            // Without privilege libbpf guesses at memory limits; the advice of the table is better.
            var words = -result == Errno.EPERM && library?.Contains("bpf_object__probe_loading", StringComparison.Ordinal) == true ? "" : VerifierLog.LastWords(library);
            var isMap = words.StartsWith("map '", StringComparison.Ordinal) && -result == Errno.EINVAL;
            return Failures.Create(
                Operation.LoadProgram, OwnNumber(result), program, isMap ? "Its definition is wrong: the type, the sizes of key and value, or the number of entries." : null, library, words);
        }

        var refusal = VerifierLog.Read(verifier);
        var hint = refusal.IsEmpty ? null
            : Capabilities.Has(Capability.Perfmon) ? "The kernel's verifier refused the program; the exception's Log has all that it said."
            : "The kernel's verifier refused the program; the exception's Log has all that it said. It takes more from a process with CAP_PERFMON, which this one lacks.";
        return Failures.Create(Operation.LoadProgram, result, program, hint, verifier, refusal.ToString());
    }

    /// <summary>libbpf has error numbers of its own for files that it can't make sense of; the system has no words for them.</summary>
    static int OwnNumber(int errno)
    {
        const int First = 4000;
        return Math.Abs(errno) >= First ? Errno.EINVAL : errno;
    }

    nint NextMap(nint map) => Libbpf.bpf_object__next_map(_handle, map);

    nint FindMap(string name) => Libbpf.bpf_object__find_map_by_name(_handle, name) is not 0 and var map
        ? map
        : throw new ArgumentException($"The object '{_name}' has no map '{name}'.", nameof(name));

    nint FindProgram(string name) => Libbpf.bpf_object__find_program_by_name(_handle, name) is not 0 and var program
        ? program
        : throw new ArgumentException($"The object '{_name}' has no program '{name}'.", nameof(name));
}

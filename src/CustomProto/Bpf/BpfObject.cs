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
                ? throw Failures.Create(Operation.OpenObject, Marshal.GetLastPInvokeError(), name, log: LibbpfLog.Text)
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

    /// <summary>Sets how many entries a map will have.</summary>
    internal void SetMaxEntries(string map, int entries)
    {
        var result = Libbpf.bpf_map__set_max_entries(FindMap(map), (uint)entries);
        if (result < 0)
        {
            throw Failures.Create(Operation.CreateMap, result, $"{_name}:{map}");
        }
    }

    /// <summary>Creates the maps and has the kernel verify and load the programs.</summary>
    /// <param name="program">The function whose verifier log a refusal carries.</param>
    /// <exception cref="NativeException">The kernel refuses; the log says why.</exception>
    internal void Load(string program)
    {
        LibbpfLog.Clear();
        var log = (byte*)NativeMemory.AllocZeroed(LogSize);
        try
        {
            // libbpf only asks for a log, into this buffer, when the first attempt failed.
            _ = Libbpf.bpf_program__set_log_buf(FindProgram(program), log, LogSize);
            var result = Libbpf.bpf_object__load(_handle);
            if (result < 0)
            {
                var text = Marshal.PtrToStringUTF8((nint)log);
                throw Failures.Create(Operation.LoadProgram, result, program, log: string.IsNullOrEmpty(text) ? LibbpfLog.Text : text);
            }
        }
        finally
        {
            _ = Libbpf.bpf_program__set_log_buf(FindProgram(program), null, 0);
            NativeMemory.Free(log);
        }
    }

    /// <summary>A map of a loaded object, with a descriptor of its own.</summary>
    internal BpfMap TakeMap(string name) => new(name, FileDescriptor.Duplicate(Libbpf.bpf_map__fd(FindMap(name)), name));

    /// <summary>A program of a loaded object, with a descriptor of its own.</summary>
    internal BpfProgram TakeProgram(string name) => new(name, FileDescriptor.Duplicate(Libbpf.bpf_program__fd(FindProgram(name)), name));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    nint FindMap(string name) => Libbpf.bpf_object__find_map_by_name(_handle, name) is not 0 and var map
        ? map
        : throw new ArgumentException($"The object '{_name}' has no map '{name}'.", nameof(name));

    nint FindProgram(string name) => Libbpf.bpf_object__find_program_by_name(_handle, name) is not 0 and var program
        ? program
        : throw new ArgumentException($"The object '{_name}' has no program '{name}'.", nameof(name));
}

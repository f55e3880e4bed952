using System.Runtime.CompilerServices;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>
/// The loaded <c>send.bpf.c</c> of one thread, for frames of one layout. Its state is in memory that the process and the program share:
/// the process writes it only while the program isn't run. Needs CAP_BPF and CAP_NET_ADMIN.
/// </summary>
sealed unsafe class SendProgram : IDisposable
{
    const string ObjectName = "send";
    const string FunctionName = "cp_send";

    static readonly Lazy<byte[]> s_object = new(() =>
    {
        var elf = EmbeddedObject.Read(ObjectName);
        AbiCheck.Require(Btf.Parse(ElfFile.Parse(elf, ObjectName).Section(".BTF"), ObjectName), ObjectName, AbiCheck.Sending);
        return elf;
    });

    readonly BpfProgram _program;
    readonly MemoryMapping _mapping;

    SendProgram(BpfProgram program, MemoryMapping mapping)
    {
        _program = program;
        _mapping = mapping;
    }

    /// <summary>The program's state.</summary>
    internal ref SendState State => ref Unsafe.AsRef<SendState>(_mapping.Address);

    /// <summary>The number of the next packet, also while the program is run.</summary>
    internal ulong Sequence => Volatile.Read(ref State.Sequence);

    /// <summary>How many packets may still go, also while the program is run.</summary>
    internal ulong Left => Volatile.Read(ref State.Left);

    /// <summary>Has the kernel verify and load the program.</summary>
    /// <param name="layout">Where in the frames something is.</param>
    /// <param name="config">The rest of what is constant.</param>
    /// <exception cref="NativeException">A capability is missing, or the kernel is too old.</exception>
    internal static SendProgram Load(in SendLayout layout, in SendConfig config)
    {
        byte[] elf = [.. s_object.Value];
        InstructionPatch.Replace(elf, ObjectName, (int)SendPlace.End, layout.End);
        InstructionPatch.Replace(elf, ObjectName, (int)SendPlace.Udp, layout.Udp);
        InstructionPatch.Replace(elf, ObjectName, (int)SendPlace.Type, layout.Type);
        InstructionPatch.Replace(elf, ObjectName, (int)SendPlace.Stamp, layout.Stamp);
        InstructionPatch.Replace(elf, ObjectName, (int)SendPlace.Last, layout.Last);
        using var loading = BpfObject.Open(ObjectName, elf);
        loading.SetInitialValue(".rodata.config", config);
        loading.Load(FunctionName);
        var program = loading.TakeProgram(FunctionName);
        try
        {
            using var state = loading.TakeMap(".data.state");
            return new SendProgram(
                program, MemoryMapping.Map(state.Descriptor, (nuint)Environment.SystemPageSize, Libc.PROT_READ | Libc.PROT_WRITE, 0, ".data.state"));
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>Sends frames.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="repeat">How often the program is run: how many frames, where it doesn't keep the pace itself.</param>
    /// <returns>0, or a negative error number: -EINTR where a signal ended it.</returns>
    internal int Run(ReadOnlySpan<byte> frame, int repeat) => _program.RunLive(frame, repeat);

    /// <inheritdoc/>
    public void Dispose()
    {
        _mapping.Dispose();
        _program.Dispose();
    }
}

/// <summary>Where in a frame something is, in bytes from its beginning; a place that isn't written to may be any in the frame.</summary>
/// <param name="End">Behind the last byte.</param>
/// <param name="Udp">The UDP header.</param>
/// <param name="Type">The byte of the message's type.</param>
/// <param name="Stamp">Sequence number and time.</param>
/// <param name="Last">The last <see cref="Abi.SendLimit.Block"/> bytes of what doesn't vary.</param>
readonly record struct SendLayout(int End, int Udp, int Type, int Stamp, int Last);

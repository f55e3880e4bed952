using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>How XDP runs on an interface: the flags of an attachment (<c>XDP_FLAGS_*</c>, include/uapi/linux/if_link.h).</summary>
[Flags]
enum XdpFlags : uint
{
    UpdateIfNoExist = 1 << 0,
    SkbMode = 1 << 1,
    DriverMode = 1 << 2,
    HardwareMode = 1 << 3,
}

/// <summary>An XDP program's attachment by a BPF link.</summary>
sealed unsafe class XdpLink : ProgramLink
{
    const int AttachTypeXdp = 37;
    const uint FlagReplace = 1 << 2;

    /// <summary>Takes over the descriptor of a link.</summary>
    internal XdpLink(FileDescriptor link, ProgramLifetime lifetime = ProgramLifetime.Process)
        : base(link, lifetime, Operation.DetachXdp)
    {
    }

    /// <summary>Attaches a program (BPF_LINK_CREATE). Needs CAP_BPF and CAP_NET_ADMIN.</summary>
    /// <param name="program">The program.</param>
    /// <param name="interfaceIndex">The interface, in the calling thread's network namespace.</param>
    /// <param name="flags">The mode, exactly one.</param>
    /// <param name="link">The attachment.</param>
    /// <returns>0, or the positive error number.</returns>
    internal static int TryAttach(BpfProgram program, int interfaceIndex, XdpFlags flags, out XdpLink? link)
    {
        var options = new Libbpf.LinkCreateOptions { Size = (nuint)sizeof(Libbpf.LinkCreateOptions), Flags = (uint)flags };
        var result = Libbpf.bpf_link_create(program.Descriptor, interfaceIndex, AttachTypeXdp, &options);
        link = result < 0 ? null : new XdpLink(new FileDescriptor(result));
        return result < 0 ? -result : 0;
    }

    /// <summary>Exchanges the link's program without a gap, if it is still the expected one (BPF_LINK_UPDATE).</summary>
    /// <returns>0, or the positive error number; EPERM when it is another program by now.</returns>
    internal int TryExchange(FileDescriptor expected, BpfProgram program)
    {
        using var old = new BorrowedDescriptor(expected);
        var options = new Libbpf.LinkUpdateOptions
        {
            Size = (nuint)sizeof(Libbpf.LinkUpdateOptions),
            Flags = FlagReplace,
            OldProgramDescriptor = old.Value,
        };
        return -Libbpf.bpf_link_update(Descriptor, program.Descriptor, &options);
    }
}

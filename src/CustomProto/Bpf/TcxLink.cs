using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Bpf;

/// <summary>A tc program's attachment by a BPF link (tcx), behind those that are there already. From Linux 6.6 on.</summary>
sealed unsafe class TcxLink : ProgramLink
{
    const int AttachTypeIngress = 46;
    const int AttachTypeEgress = 47;

    /// <summary>Takes over the descriptor of a link.</summary>
    internal TcxLink(FileDescriptor link, ProgramLifetime lifetime = ProgramLifetime.Process)
        : base(link, lifetime, Operation.DetachTc)
    {
    }

    /// <summary>Whether the kernel has links at tc, and lists of programs without links. Needs CAP_NET_ADMIN.</summary>
    internal static bool IsAvailable(NetworkLink link)
    {
        var options = new Libbpf.ProgramQueryOptions { Size = (nuint)sizeof(Libbpf.ProgramQueryOptions) };
        return Libbpf.bpf_prog_query_opts(link.Index, AttachTypeIngress, &options) != -Errno.EINVAL;
    }

    /// <summary>Attaches a program (BPF_LINK_CREATE). Needs CAP_BPF and CAP_NET_ADMIN.</summary>
    /// <param name="program">The program.</param>
    /// <param name="link">The interface, in the calling thread's network namespace.</param>
    /// <param name="point">One of the two at tc.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static TcxLink Attach(BpfProgram program, NetworkLink link, AttachPoint point)
    {
        var options = new Libbpf.LinkCreateOptions { Size = (nuint)sizeof(Libbpf.LinkCreateOptions) };
        var result = Libbpf.bpf_link_create(program.Descriptor, link.Index, AttachType(point), &options);
        return result < 0 ? throw Failures.Create(Operation.AttachTc, result, link.Name) : new TcxLink(new FileDescriptor(result));
    }

    /// <summary>
    /// The ids of the programs at a point, in the order in which they run; none where the kernel has no tcx. Needs CAP_NET_ADMIN.
    /// </summary>
    /// <returns><see langword="null"/> where the caller may not see them.</returns>
    internal static uint[]? ReadPrograms(int interfaceIndex, AttachPoint point)
    {
        const int Most = 64;
        var ids = new uint[Most];
        fixed (uint* first = ids)
        {
            var options = new Libbpf.ProgramQueryOptions { Size = (nuint)sizeof(Libbpf.ProgramQueryOptions), ProgramIds = first, Count = Most };
            return Libbpf.bpf_prog_query_opts(interfaceIndex, AttachType(point), &options) switch
            {
                0 => ids[..(int)Math.Min(options.Count, Most)],
                -Errno.EPERM or -Errno.EACCES => null,
                _ => [],
            };
        }
    }

    /// <summary>Detaches a program that was attached without a link, if it is still there.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static void Detach(FileDescriptor program, NetworkLink link, AttachPoint point)
    {
        var result = Libbpf.bpf_prog_detach2(program, link.Index, AttachType(point));
        if (result < 0)
        {
            throw Failures.Create(Operation.DetachTc, result, link.Name);
        }
    }

    /// <summary>The kernel's number of a point at tc (<c>enum bpf_attach_type</c>).</summary>
    internal static int AttachType(AttachPoint point) => point switch
    {
        AttachPoint.TcIngress => AttachTypeIngress,
        AttachPoint.TcEgress => AttachTypeEgress,
        _ => throw new ArgumentOutOfRangeException(nameof(point), point, null),
    };
}

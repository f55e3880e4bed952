using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>
/// The one table from an error number, and what was being done, to the kind of failure and the advice that goes with it.
/// Nothing else in the library turns an error number into words.
/// </summary>
static class Failures
{
    /// <summary>A row: the operation (or <see langword="null"/> for all), the error number, what it means, and what to do.</summary>
    internal readonly record struct Row(Operation? Operation, int Errno, FailureKind Kind, string? Hint);

    /// <summary>Rows of one operation stand before rows for all; the first that matches holds.</summary>
    internal static readonly Row[] Table =
    [
        new(Operation.OpenObject, Errno.EINVAL, FailureKind.InvalidData, "The file is not a BPF object that libbpf can read."),
        new(Operation.LoadProgram, Errno.EPERM, FailureKind.PermissionDenied, Advice.BpfCapabilities),
        new(Operation.LoadProgram, Errno.EACCES, FailureKind.InvalidData, "The kernel's verifier refused the program; its log says at which instruction."),
        new(Operation.LoadProgram, Errno.EINVAL, FailureKind.InvalidData, "The kernel's verifier refused the program, or this kernel is too old for it (5.18 is needed); the log says why."),
        new(Operation.LoadProgram, Errno.E2BIG, FailureKind.LimitExceeded, "The program is larger than the verifier allows."),
        new(Operation.LoadProgram, Errno.ENOMEM, FailureKind.LimitExceeded, "Give a smaller -RingSize, or raise the memory limit (ulimit -l, or the control group's)."),
        new(Operation.AttachXdp, Errno.EBUSY, FailureKind.Busy, "Another XDP program is attached there."),
        new(Operation.AttachXdp, Errno.EEXIST, FailureKind.Busy, "An XDP program is attached there in another mode."),
        new(Operation.AttachXdp, Errno.EOPNOTSUPP, FailureKind.Unsupported, "The driver has no XDP in this mode; use -Mode Generic."),
        new(Operation.AttachXdp, Errno.EINVAL, FailureKind.Unsupported, "The interface can't run XDP in this mode; use -Mode Generic."),
        new(Operation.AttachXdp, Errno.ERANGE, FailureKind.Unsupported, "The MTU is too large for XDP in this driver; lower it (ip link set dev NAME mtu 1500), or use -Mode Generic."),
        new(Operation.AttachXdp, Errno.ENOSPC, FailureKind.Unsupported, "The interface has too few queues for native mode (ethtool -l NAME shows them); add some, or use -Mode Generic."),
        new(Operation.AttachXdp, Errno.ENODEV, FailureKind.NotFound, "The interface is gone."),
        new(Operation.AttachXdp, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetAdminCapability),
        new(Operation.DetachXdp, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetAdminCapability),
        new(Operation.AttachTc, Errno.ERANGE, FailureKind.LimitExceeded, "64 programs are attached there already; Get-TcProgram lists them."),
        new(Operation.AttachTc, Errno.ENODEV, FailureKind.NotFound, "The interface is gone."),
        new(Operation.AttachTc, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetAdminCapability),
        new(Operation.DetachTc, Errno.ENOENT, FailureKind.Gone, "It was detached in the meantime."),
        new(Operation.DetachTc, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetAdminCapability),
        new(Operation.CreateMap, Errno.EPERM, FailureKind.PermissionDenied, Advice.BpfCapabilities),
        new(Operation.CreateMap, Errno.EINVAL, FailureKind.InvalidArgument, "A ring's size is a power of two and a multiple of the page size (4,096 bytes)."),
        new(Operation.CreateMap, Errno.ENOMEM, FailureKind.LimitExceeded, "Give a smaller -RingSize, or raise the memory limit (ulimit -l, or the control group's)."),
        new(Operation.OpenKernelObject, Errno.EPERM, FailureKind.PermissionDenied, "Looking at programs, maps and links by their id needs CAP_SYS_ADMIN: run as root."),
        new(Operation.OpenKernelObject, Errno.ENOENT, FailureKind.Gone, "It was unloaded in the meantime."),
        new(Operation.Pin, Errno.EEXIST, FailureKind.Exists, "A pin of that name is left over; remove it."),
        new(Operation.OpenPin, Errno.ENOENT, FailureKind.Gone, "It was unregistered in the meantime."),
        new(Operation.TestRun, Errno.EINVAL, FailureKind.InvalidArgument, "A frame has 14 bytes at least, and a program without fragments takes about 3,500 at most."),
        new(Operation.TestRun, Errno.ENOMEM, FailureKind.LimitExceeded, "The frame is longer than a test run takes: 17 pages beside the first, about 70,000 bytes."),
        new(Operation.OpenSocket, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetRawCapability),
        new(Operation.OpenSocket, Errno.EACCES, FailureKind.PermissionDenied, Advice.NetRawCapability),
        new(Operation.BindSocket, Errno.EADDRINUSE, FailureKind.Busy, "Another socket holds the port; give another -SourcePort or leave it out."),
        new(Operation.BindSocket, Errno.EADDRNOTAVAIL, FailureKind.NotFound, "The source address isn't one of this host's; leave it out or use -Transport Raw."),
        new(Operation.BindSocket, Errno.EACCES, FailureKind.PermissionDenied, "Ports below 1024 need CAP_NET_BIND_SERVICE; give a higher -SourcePort."),
        new(Operation.Send, Errno.EMSGSIZE, FailureKind.LimitExceeded, "The packet is longer than the interface's MTU."),
        new(Operation.Send, Errno.ENETDOWN, FailureKind.Gone, "The interface is down; ip link set dev NAME up."),
        new(Operation.Send, Errno.ENXIO, FailureKind.Gone, "The interface is gone."),
        new(Operation.Send, Errno.ENODEV, FailureKind.Gone, "The interface is gone."),
        new(Operation.Send, Errno.ENETUNREACH, FailureKind.Unreachable, Advice.Route),
        new(Operation.Send, Errno.EHOSTUNREACH, FailureKind.Unreachable, Advice.Route),
        new(Operation.Send, Errno.EACCES, FailureKind.PermissionDenied, "A broadcast address is sent to with -Transport Raw only."),
        new(Operation.Send, Errno.ECONNREFUSED, FailureKind.Unreachable, "An earlier packet was answered with ICMP port unreachable: nothing listens on the port there."),
        new(Operation.QueryNetwork, Errno.ENETUNREACH, FailureKind.Unreachable, Advice.Route),
        new(Operation.QueryNetwork, Errno.EHOSTUNREACH, FailureKind.Unreachable, Advice.Route),
        new(Operation.QueryNetwork, Errno.EACCES, FailureKind.Unreachable, "A prohibiting route covers the address; ip route get ADDRESS shows it."),
        new(Operation.QueryNetwork, Errno.EINVAL, FailureKind.Unreachable, "A blackhole route covers the address, or the address can't be sent to; ip route get ADDRESS shows it."),
        new(Operation.QueryNetwork, Errno.ENODEV, FailureKind.NotFound, Advice.Interfaces),
        new(Operation.ResolveNeighbour, Errno.EPERM, FailureKind.PermissionDenied, Advice.NetAdminCapability),
        new(null, Errno.EPERM, FailureKind.PermissionDenied, Advice.Root),
        new(null, Errno.EACCES, FailureKind.PermissionDenied, Advice.Root),
        new(null, Errno.ENOENT, FailureKind.NotFound, null),
        new(null, Errno.ENODEV, FailureKind.NotFound, null),
        new(null, Errno.EBUSY, FailureKind.Busy, null),
        new(null, Errno.EEXIST, FailureKind.Exists, null),
        new(null, Errno.EINVAL, FailureKind.InvalidArgument, null),
        new(null, Errno.EOPNOTSUPP, FailureKind.Unsupported, null),
        new(null, Errno.ENOSYS, FailureKind.Unsupported, "This kernel doesn't have the system call; Linux 5.18 or later is needed."),
        new(null, Errno.ENOTSUPP, FailureKind.Unsupported, null),
        new(null, Errno.EAFNOSUPPORT, FailureKind.Unsupported, "The kernel has this address family switched off."),
        new(null, Errno.ENOMEM, FailureKind.LimitExceeded, null),
        new(null, Errno.ENOBUFS, FailureKind.LimitExceeded, null),
        new(null, Errno.ENOSPC, FailureKind.LimitExceeded, null),
        new(null, Errno.E2BIG, FailureKind.LimitExceeded, null),
        new(null, Errno.ETIMEDOUT, FailureKind.Timeout, null),
    ];

    /// <summary>The row that holds for a failed operation.</summary>
    internal static Row Find(Operation operation, int errno)
    {
        foreach (var row in Table)
        {
            if (row.Errno == errno && (row.Operation is null || row.Operation == operation))
            {
                return row;
            }
        }

        return new Row(null, errno, FailureKind.Unknown, null);
    }

    /// <summary>Makes the exception for a failed call.</summary>
    /// <param name="operation">What the call was for.</param>
    /// <param name="errno">The error number, positive or negative.</param>
    /// <param name="target">What it was done to, as the user knows it: an interface, a file, a map.</param>
    /// <param name="hint">Advice that the caller knows better than the table.</param>
    /// <param name="log">The verifier's or libbpf's log.</param>
    /// <param name="detail">What the kernel says about it in words (netlink's extended acknowledgement); part of the message.</param>
    internal static NativeException Create(
        Operation operation, int errno, string target, string? hint = null, string? log = null, string? detail = null)
    {
        errno = Math.Abs(errno);
        var row = Find(operation, errno);
        var reason = Marshal.GetPInvokeErrorMessage(errno);
        var words = string.IsNullOrWhiteSpace(detail) ? "" : $": {detail.TrimEnd(' ', '.')}";
        var problem = $"Cannot {Describe(operation, target)}: {reason} ({Errno.Name(errno)}){words}.";
        return new NativeException(row.Kind, $"{operation}Failed", problem, hint ?? row.Hint, target, errno, Errno.Name(errno), log);
    }

    static string Describe(Operation operation, string target) => operation switch
    {
        Operation.OpenObject => $"read the BPF object '{target}'",
        Operation.LoadProgram => $"load the BPF program '{target}' into the kernel",
        Operation.AttachXdp => $"attach the XDP program to '{target}'",
        Operation.DetachXdp => $"detach the XDP program from '{target}'",
        Operation.AttachTc => $"attach the tc program to '{target}'",
        Operation.DetachTc => $"detach the tc program from '{target}'",
        Operation.CreateMap => $"create the BPF map '{target}'",
        Operation.ReadMap => $"read the BPF map '{target}'",
        Operation.WriteMap => $"write the BPF map '{target}'",
        Operation.MapMemory => $"map '{target}' into memory",
        Operation.TestRun => $"run the BPF program '{target}' on test data",
        Operation.OpenKernelObject => $"look at {target}",
        Operation.OpenTrace => $"read the kernel's trace in '{target}'",
        Operation.Pin => $"pin to '{target}'",
        Operation.OpenPin => $"open the pin '{target}'",
        Operation.OpenSocket => $"open {target}",
        Operation.BindSocket => $"bind a socket to {target}",
        Operation.ConfigureSocket => $"configure {target}",
        Operation.Send => $"send to {target}",
        Operation.Wait => $"wait for {target}",
        Operation.PinThread => $"keep a thread on {target}",
        Operation.QueryNetwork => $"look up {target}",
        Operation.ResolveNeighbour => $"resolve the link-layer address of {target}",
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, null),
    };

    /// <summary>Advice that several rows share.</summary>
    static class Advice
    {
        internal const string Root = "Run as root (sudo pwsh).";
        internal const string BpfCapabilities =
            "CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW are needed: run as root (sudo pwsh), or grant them: setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon+ep on the pwsh executable.";

        internal const string NetAdminCapability =
            "CAP_NET_ADMIN is needed: run as root (sudo pwsh), or grant it: setcap cap_bpf,cap_net_admin,cap_net_raw+ep on the pwsh executable.";

        internal const string NetRawCapability =
            "CAP_NET_RAW is needed: run as root (sudo pwsh), grant it (setcap cap_net_raw+ep on the pwsh executable), or use -Transport Udp.";

        internal const string Route = "There is no route to it; ip route get ADDRESS shows what the kernel knows.";
        internal const string Interfaces = "ip -brief link lists the interfaces of this network namespace.";
    }
}

using CustomProto.Native;

namespace CustomProto.Programs;

/// <summary>The capabilities, each with what it is for and how it is had.</summary>
static class PrivilegeSupport
{
    internal static IEnumerable<(string Name, Func<string, SupportRow> Check)> Checks =>
    [
        ("CAP_BPF", name => Check(name, Capability.Bpf, "load programs and make maps", SupportStatus.Unsupported)),
        ("CAP_NET_ADMIN", name => Check(name, Capability.NetAdmin, "attach programs to interfaces", SupportStatus.Unsupported)),
        ("CAP_NET_RAW", name => Check(name, Capability.NetRaw, "send over a raw socket; -Transport Udp goes without", SupportStatus.Unsupported)),
        ("CAP_PERFMON", name => Check(name, Capability.Perfmon, "write trace lines (-Trace), and load programs of one's own that reckon with addresses in a packet", SupportStatus.Warning)),
        ("CAP_SYS_ADMIN", name => Check(name, Capability.SysAdmin, "see names, links and maps of programs that others loaded", SupportStatus.Warning)),
    ];

    /// <summary>The command that grants what CustomProto needs to the running program.</summary>
    internal static string GrantCommand(string? program) => $"sudo setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon+ep {program ?? "$(readlink -f $(which pwsh))"}";

    static SupportRow Check(string name, Capability capability, string purpose, SupportStatus without) => Capabilities.Has(capability)
        ? SupportRow.Supported(name, $"This process may {purpose}.")
        : new SupportRow { Name = name, Status = without, Detail = $"This process lacks what it takes to {purpose}.", Advice = Advice(capability) };

    static string Advice(Capability capability)
    {
        if (capability == Capability.SysAdmin)
        {
            return "Run as root (sudo pwsh); nothing else needs it.";
        }

        // Root without a capability has had it taken away, which file capabilities don't change.
        return Environment.IsPrivilegedProcess
            ? $"Start the container or service with it (--cap-add={DockerName(capability)}, AmbientCapabilities=)."
            : $"Run as root (sudo pwsh), or grant it: {GrantCommand(Program)}";
    }

    static string DockerName(Capability capability) => capability switch
    {
        Capability.NetAdmin => "NET_ADMIN",
        Capability.NetRaw => "NET_RAW",
        _ => capability.ToString().ToUpperInvariant(),
    };

    static string? Program => Environment.ProcessPath is { } path ? new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path : null;
}

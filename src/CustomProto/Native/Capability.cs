using System.Globalization;

namespace CustomProto.Native;

/// <summary>Capabilities that the library asks for (include/uapi/linux/capability.h).</summary>
enum Capability
{
    /// <summary>CAP_NET_ADMIN: attach to interfaces, resolve neighbours.</summary>
    NetAdmin = 12,

    /// <summary>CAP_NET_RAW: packet sockets.</summary>
    NetRaw = 13,

    /// <summary>CAP_SYS_ADMIN: see programs, maps and links that others loaded.</summary>
    SysAdmin = 21,

    /// <summary>CAP_PERFMON: bpf_printk.</summary>
    Perfmon = 38,

    /// <summary>CAP_BPF: load programs and make maps.</summary>
    Bpf = 39,
}

/// <summary>What the calling thread may do.</summary>
static class Capabilities
{
    /// <summary>Whether a capability is in the thread's effective set (capabilities(7)). CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON.</summary>
    internal static bool Has(Capability capability)
    {
        const string Prefix = "CapEff:";
        var line = File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith(Prefix, StringComparison.Ordinal));
        var effective = ulong.Parse(line.AsSpan(Prefix.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return Contains(capability) || (capability is Capability.Bpf or Capability.Perfmon && Contains(Capability.SysAdmin));

        bool Contains(Capability wanted) => (effective >> (int)wanted & 1) != 0;
    }
}

using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>The drivers of interfaces, and which of them have native XDP.</summary>
static class InterfaceDrivers
{
    /// <summary>For kernels before 6.3, which don't tell (the table "Drivers with XDP support" of xdp-project's documentation).</summary>
    static readonly HashSet<string> s_native = new(StringComparer.Ordinal)
    {
        "atlantic", "bnxt_en", "dpaa2_eth", "ena", "fsl_dpaa2_eth", "gve", "hv_netvsc", "i40e", "ice", "igb", "igc", "ixgbe", "ixgbevf", "mlx4_en",
        "mlx5_core", "mvneta", "mvpp2", "nfp", "qede", "sfc", "stmmac", "tun", "veth", "virtio_net", "xen-netfront",
    };

    static readonly HashSet<string> s_notNative = new(StringComparer.Ordinal)
    {
        "bridge", "dummy", "gre", "gretap", "ifb", "ipip", "ipvlan", "macvlan", "macvtap", "sit", "vlan", "vxlan", "wireguard",
    };

    /// <summary>The driver of the device that carries an interface; <see langword="null"/> for a virtual one, or where the kernel doesn't tell.</summary>
    /// <remarks>Not by <c>/sys/class/net</c>, which shows the network namespace that <c>/sys</c> was mounted in.</remarks>
    internal static string? Find(NetworkLink link) => link is { ParentBus: { } bus, ParentDevice: { } device }
        ? Directory.ResolveLinkTarget($"/sys/bus/{bus}/devices/{device}/driver", returnFinalTarget: false)?.Name
        : null;

    /// <summary>Whether a driver or kind of interface has native XDP, as far as known.</summary>
    internal static bool? HasNative(string? driver) => driver switch
    {
        null => null,
        _ when s_native.Contains(driver) => true,
        _ when s_notNative.Contains(driver) => false,
        _ => null,
    };
}

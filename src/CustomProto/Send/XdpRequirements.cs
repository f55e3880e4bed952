using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>Whether the in-kernel sender can send over an interface.</summary>
static class XdpRequirements
{
    /// <summary>Throws where its frames would not leave.</summary>
    /// <exception cref="CustomProtoException">The interface can't do it (<see cref="FailureKind.Unsupported"/>), or a capability is missing.</exception>
    internal static void Check(SendOptions options, PacketPath path)
    {
        if (TransportChoice.NeedOfRaw(options.Craft) is { } need)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "OptionNeedsRaw", $"The in-kernel sender can't send packets with {need}.", "Use -Transport Raw.", options.Transport);
        }

        var link = path.Link;
        if (link.IsLoopback)
        {
            throw Unsupported(
                "XdpOverLoopback",
                $"The loopback device takes no frames from XDP, so the in-kernel sender can't send over '{link.Name}'"
                + (path.IsLocal ? $", which the way to {path.Destination} leads over: it is an address of this host." : "."),
                "Use -Transport Raw or Udp.",
                link);
        }

        if (!link.HasEthernetHeader)
        {
            throw Unsupported(
                "NoEthernetHeader",
                $"'{link.Name}' can't carry frames of the in-kernel sender: packets there have no Ethernet header (type {link.HardwareType}).",
                "Use -Transport Udp.",
                link);
        }

        if (link.Kind != "veth" && XdpCapabilities.Read(link.Index) is { } features && !features.HasFlag(XdpFeatures.Transmit))
        {
            throw Unsupported(
                "XdpTransmitUnsupported",
                $"The driver of '{link.Name}' takes no frames from XDP as things are: those of the in-kernel sender would vanish.",
                "Some drivers, such as virtio_net, take them while an XDP program is attached: register one there first. Otherwise use -Transport Raw.",
                link);
        }

        if (!Capabilities.Has(Capability.Bpf) || !Capabilities.Has(Capability.NetAdmin))
        {
            throw Failures.Create(Operation.LoadProgram, Errno.EPERM, "cp_send");
        }
    }

    /// <summary>
    /// Whether the interface is one end of a veth pair whose other end drops what XDP sends. The kernel tells by the feature since 6.3
    /// (veth_set_xdp_features in drivers/net/veth.c); before, the other end has to be in the same namespace.
    /// </summary>
    internal static bool PeerTakesNothing(NetworkLink link) => link.Kind == "veth" && (XdpCapabilities.Read(link.Index) is { } features
        ? !features.HasFlag(XdpFeatures.Transmit)
        : !link.PeerIsElsewhere && link.PeerIndex is { } index && NetworkLinks.TryGet(index, out var peer) && !peer.XdpAttachments.Any(program => program.Mode == XdpMode.Native));

    static CustomProtoException Unsupported(string errorId, string problem, string hint, NetworkLink link) =>
        new(FailureKind.Unsupported, errorId, problem, hint, link.Name);
}

using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>How an interface stands: asked from the kernel, never tried by attaching something.</summary>
sealed class InterfaceSupport(NetworkLink link)
{
    /// <summary>What a page holds beside headroom and bookkeeping: drivers that take one buffer a frame refuse a larger MTU.</summary>
    const int MaxSingleBufferMtu = 3498;

    readonly Lazy<XdpFeatures?> _features = new(() => XdpCapabilities.Read(link.Index));
    readonly Lazy<IReadOnlySet<string>?> _offloads = new(() => OffloadFeatures.Read(link.Index));

    internal IEnumerable<(string Name, Func<string, SupportRow> Check)> Checks =>
    [
        ("State", State),
        ("Link type", LinkType),
        ("Driver", Driver),
        ("Native XDP", Native),
        ("XDP transmit", Transmit),
        ("Hardware time", HardwareTime),
        ("MTU", Mtu),
        ("LRO", LargeReceive),
        ("GRO", GenericReceive),
        ("VLAN offload", Vlan),
        ("XDP program", Attached),
    ];

    bool IsVeth => link.Kind == "veth";

    /// <summary>What the driver has, where the kernel doesn't tell: a list of those that are known to have native XDP.</summary>
    bool? HasNative => _features.Value is { } features
        ? features.HasFlag(XdpFeatures.Native)
        : link.IsLoopback ? false : InterfaceDrivers.HasNative(link.Kind ?? InterfaceDrivers.Find(link));

    SupportRow State(string name) => link switch
    {
        { IsUp: false } => SupportRow.Warning(name, "It is switched off: a program can be attached, and nothing comes.", $"ip link set dev {link.Name} up"),
        { HasCarrier: false } => SupportRow.Warning(
            name, "It has no carrier: nothing comes.", IsVeth ? "Switch its peer on (ip link set dev PEER up)." : "Look at the cable, or at what it is connected to."),
        _ => SupportRow.Supported(name, "Up, with a carrier."),
    };

    SupportRow LinkType(string name) => link.HasEthernetHeader
        ? SupportRow.Supported(name, link.IsLoopback ? "Loopback, with Ethernet headers." : "Ethernet.")
        : SupportRow.Unsupported(
            name, $"Its packets have no Ethernet header (hardware type {link.HardwareType}), which the program begins with.", "Register on the interface below it, or on one that carries Ethernet.");

    SupportRow Driver(string name)
    {
        if (link.IsLoopback)
        {
            return SupportRow.Supported(name, "The loopback device.");
        }

        return InterfaceDrivers.Find(link) is { } driver
            ? SupportRow.Supported(name, $"{driver}, for {link.ParentBus} device {link.ParentDevice}.")
            : link.Kind is { } kind ? SupportRow.Supported(name, $"{kind}, a virtual interface.") : SupportRow.Unknown(name, "The kernel doesn't tell.");
    }

    SupportRow Native(string name)
    {
        if (HasNative is not { } hasNative)
        {
            return SupportRow.Unknown(name, "This kernel doesn't tell (Linux 6.3 does).", "Register with -Mode Auto: it falls back to generic mode, and says so.");
        }

        if (!hasNative)
        {
            return SupportRow.Unsupported(
                name,
                IsVeth ? "This veth has fewer receive queues than its peer has transmit queues." : "The driver has none.",
                "Generic mode works, and is slower; -Mode Auto takes it by itself.");
        }

        var more = _features.Value is { } features
            ? string.Concat(
                features.HasFlag(XdpFeatures.Redirect) ? ", redirect" : "",
                features.HasFlag(XdpFeatures.ReceiveFragments) ? ", frames in several buffers" : "",
                features.HasFlag(XdpFeatures.ZeroCopy) ? ", AF_XDP without copying" : "",
                features.HasFlag(XdpFeatures.Offload) ? ", offload to the card" : "")
            : "";
        return SupportRow.Supported(name, $"The driver runs programs itself{more}.");
    }

    /// <summary>
    /// What XDP sends over it: live frames and redirects, and on veth answers (XDP_TX) too. A veth reports the feature when its peer
    /// takes the former (veth_set_xdp_features in drivers/net/veth.c), which can't be seen at the peer in another namespace.
    /// </summary>
    SupportRow Transmit(string name)
    {
        if (_features.Value is not { } features)
        {
            return SupportRow.Unknown(name, "This kernel doesn't tell (Linux 6.3 does).");
        }

        if (features.HasFlag(XdpFeatures.Transmit))
        {
            // A program's answer stays in the peer's queue unless a program there looks into it (veth_xdp_flush); GRO looks for live frames only.
            var takesAnswers = !IsVeth || NetworkLinks.FindPeer(link)?.XdpAttachments.Any(attachment => attachment.Mode == XdpMode.Native) == true;
            return SupportRow.Supported(name, (IsVeth, takesAnswers) switch
            {
                (true, true) => $"The peer{PeerName()} takes frames that XDP sends.",
                (true, false) => $"The peer{PeerName()} takes live frames (-Transport Xdp); answers (XDP_TX, -Respond) only if an XDP program runs there in native mode.",
                _ => "The driver sends frames that XDP gives it.",
            });
        }

        if (IsVeth)
        {
            return SupportRow.Warning(
                name,
                $"The peer{PeerName()} has neither an XDP program nor GRO: live frames (-Transport Xdp) and XDP_TX answers to it vanish, while the call reports success.",
                $"Attach an XDP program to the peer, or switch its GRO on (ethtool -K {Peer()?.Name ?? "PEER"} gro on).");
        }

        return HasNative == true
            ? SupportRow.Warning(
                name,
                "The driver takes no frames from XDP as things are, so live frames (-Transport Xdp) vanish; some, such as virtio_net, take them while a program is attached.",
                "Register a program there first, or use -Transport Raw.")
            : SupportRow.Unsupported(name, "The driver takes no frames from XDP: live frames (-Transport Xdp) vanish.", "Use -Transport Raw.");
    }

    /// <summary>Whether <c>-HardwareTimestamp</c> is possible; the kernel's own times always are.</summary>
    SupportRow HardwareTime(string name)
    {
        const string Remedy = "Times of messages come from the kernel's clock; -HardwareTimestamp is refused.";
        if (HasNative != true)
        {
            return SupportRow.Unsupported(name, "Only a program in native mode can ask for it.", Remedy);
        }

        if (XdpCapabilities.ReadMetadata(link.Index) is not { } metadata)
        {
            return SupportRow.Unknown(name, "This kernel doesn't tell (Linux 6.7 does).", "Register with -HardwareTimestamp: it says if the driver can't.");
        }

        if (!metadata.HasFlag(XdpMetadata.Timestamp))
        {
            return SupportRow.Unsupported(name, "The driver tells XDP programs none.", Remedy);
        }

        return SupportRow.Supported(name, IsVeth
            ? "The driver passes on what a packet has, and stamps none itself."
            : "The driver tells when the card received a packet, once the card stamps them (hwstamp_ctl -r 1).");
    }

    SupportRow Mtu(string name)
    {
        if (HasNative != true)
        {
            return SupportRow.Supported(name, $"{link.Mtu} bytes; generic mode takes any.");
        }

        if (_features.Value is { } features && features.HasFlag(XdpFeatures.ReceiveFragments))
        {
            return SupportRow.Supported(name, $"{link.Mtu} bytes; frames in several buffers reach the program whole.");
        }

        return link.Mtu <= MaxSingleBufferMtu
            ? SupportRow.Supported(name, $"{link.Mtu} bytes fit one buffer.")
            : SupportRow.Warning(
                name, $"{link.Mtu} bytes are more than the driver gives a program in one buffer (about {MaxSingleBufferMtu}): native mode may be refused.", $"ip link set dev {link.Name} mtu 1500, or -Mode Generic.");
    }

    SupportRow LargeReceive(string name)
    {
        if (_offloads.Value is not { } on)
        {
            return SupportRow.Unknown(name, "The kernel doesn't tell.");
        }

        string[] merging = [.. ((string[])[OffloadFeatures.LargeReceive, OffloadFeatures.HardwareGenericReceive]).Where(on.Contains)];
        return merging.Length == 0
            ? SupportRow.Supported(name, "Off: the card merges nothing.")
            : SupportRow.Warning(
                name,
                $"The card merges packets ({string.Join(", ", merging)}): drivers refuse native XDP then, or give the program several messages as one.",
                string.Join("; ", merging.Select(feature => $"ethtool -K {link.Name} {feature} off")));
    }

    SupportRow GenericReceive(string name)
    {
        if (_offloads.Value is not { } on)
        {
            return SupportRow.Unknown(name, "The kernel doesn't tell.");
        }

        if (!on.Contains(OffloadFeatures.GenericReceive))
        {
            return SupportRow.Supported(name, "Off: the stack merges nothing.");
        }

        return HasNative == true
            ? SupportRow.Supported(name, "On; native XDP runs before it.")
            : SupportRow.Warning(
                name, "On: in generic mode, several datagrams of a sender may come as one, and the program can't tell.", $"ethtool -K {link.Name} gro off");
    }

    /// <summary>On veth nothing takes tags off, but a VLAN interface above the peer keeps them beside the frame, where XDP doesn't look.</summary>
    SupportRow Vlan(string name)
    {
        if (_offloads.Value is not { } on)
        {
            return SupportRow.Unknown(name, "The kernel doesn't tell.");
        }

        if (!on.Contains(OffloadFeatures.ReceiveVlan))
        {
            return SupportRow.Supported(name, "Off: the program sees VLAN tags.");
        }

        return IsVeth
            ? SupportRow.Warning(
                name,
                "A VLAN tag that the peer's stack adds doesn't reach the program: such messages come with one VlanId too few. Tags that lie in the frame do.",
                $"ethtool -K {Peer()?.Name ?? "PEER"} txvlan off")
            : SupportRow.Warning(
                name, "The outer VLAN tag is taken off before the program sees the frame: such messages come with one VlanId too few.", $"ethtool -K {link.Name} rxvlan off");
    }

    SupportRow Attached(string name)
    {
        var programs = ProgramInventory.List([link]);
        if (programs.Count == 0)
        {
            return SupportRow.Supported(name, "None is attached.");
        }

        var which = string.Join(", ", programs.Select(program => $"{program.Name ?? "program"} (id {program.Id}, {program.Mode.ToString().ToLowerInvariant()} mode)"));
        return SupportRow.Warning(
            name, $"Attached: {which}.", $"To take its place: Unregister-XdpProgram -Interface {link.Name}, with -Force where it is foreign.");
    }

    /// <summary>The other end of a veth pair, where it is in the same network namespace.</summary>
    NetworkLink? Peer() => IsVeth && !link.PeerIsElsewhere && link.PeerIndex is { } index && NetworkLinks.TryGet(index, out var peer) ? peer : null;

    string PeerName() => Peer() is { } peer ? $" '{peer.Name}'" : ", in another network namespace,";
}

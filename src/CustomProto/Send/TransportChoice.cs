using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>Which transport is used, and why.</summary>
/// <param name="Reason">Why, as a sentence without its full stop.</param>
/// <param name="RawSocket">
/// The socket of <see cref="Transport.Raw"/>, opened to find out whether that is allowed; otherwise <see langword="null"/>.
/// </param>
readonly record struct TransportChoice(string Reason, FileDescriptor? RawSocket)
{
    const string NetRawHint = "CAP_NET_RAW is needed: run as root (sudo pwsh), or grant it: setcap cap_net_raw+ep on the pwsh executable.";

    /// <summary>Chooses, and opens the raw socket if it is needed.</summary>
    /// <exception cref="CustomProtoException">What was asked for doesn't go together, or isn't allowed.</exception>
    internal static TransportChoice Make(SendOptions options, PacketPath path)
    {
        var need = NeedOfRaw(options, path);
        switch (options.Transport)
        {
            case Transport.Auto when need is not null:
                return new TransportChoice($"only a raw frame can have {need}", OpenRaw(path, NetRawHint));
            case Transport.Auto:
                return Choose(path);
            case Transport.Raw:
                return new TransportChoice("it was asked for", OpenRaw(path, need is null ? null : NetRawHint));
            case Transport.Udp when need is not null:
                throw new CustomProtoException(
                    FailureKind.InvalidArgument,
                    "OptionNeedsRaw",
                    $"A UDP socket can't send packets with {need}.",
                    "Use -Transport Raw.",
                    options.Transport);
            case Transport.Udp:
                return new TransportChoice("it was asked for", null);
            case Transport.Xdp:
                XdpRequirements.Check(options, path);
                return new TransportChoice("it was asked for", null);
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.Transport, "There is no such transport.");
        }
    }

    static TransportChoice Choose(PacketPath path)
    {
        if (path.IsLocal)
        {
            return new TransportChoice($"{path.Destination} is an address of this host", null);
        }

        if (!path.Link.HasEthernetHeader)
        {
            return new TransportChoice($"packets on '{path.Link.Name}' have no Ethernet header", null);
        }

        try
        {
            return new TransportChoice($"CAP_NET_RAW is there, and '{path.Link.Name}' is an Ethernet interface", OpenRaw(path, null));
        }
        catch (NativeException exception) when (exception.Kind == FailureKind.PermissionDenied)
        {
            return new TransportChoice("CAP_NET_RAW is missing", null);
        }
    }

    /// <summary>What was asked for that a UDP socket can't do.</summary>
    static string? NeedOfRaw(SendOptions options, PacketPath path) => options switch
    {
        { DestinationMac: not null } => "a destination MAC address of one's own choice",
        { SourceMac: not null } => "a source MAC address of one's own choice",
        { VlanId.Count: > 0 } => "VLAN tags of their own",
        _ when NeedOfRaw(options.Craft) is { } need => need,
        { Craft.IPOption.Count: > 0 } => "IPv4 options",
        _ when path.IsSourceForeign => $"the source address {path.Source}, which isn't this host's",
        _ when path.IsMulticast => $"the destination {path.Destination}, which is a multicast group",
        _ when path.IsBroadcast => $"the destination {path.Destination}, which is all hosts of a network",
        _ => null,
    };

    /// <summary>What was asked for that neither a UDP socket nor the in-kernel sender can do.</summary>
    internal static string? NeedOfRaw(PacketCraft craft) => craft switch
    {
        { FuzzSeed: not null } => "fuzzed headers",
        { Checksum: not ChecksumKind.Valid } => $"the checksum {craft.Checksum}",
        { Truncate: > 0 } => "bytes cut off the frame",
        { MayFragment: true } => "fragments of one's own making",
        _ => null,
    };

    static FileDescriptor OpenRaw(PacketPath path, string? hint)
    {
        if (!path.Link.HasEthernetHeader)
        {
            throw new CustomProtoException(
                FailureKind.Unsupported,
                "NoEthernetHeader",
                $"'{path.Link.Name}' can't carry raw frames: packets there have no Ethernet header (type {path.Link.HardwareType}).",
                "Use -Transport Udp.",
                path.Link.Name);
        }

        return PacketSocket.Open(path.Link, hint);
    }
}

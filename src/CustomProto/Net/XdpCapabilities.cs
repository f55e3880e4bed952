using CustomProto.Native;

namespace CustomProto.Net;

/// <summary>What an interface's driver does for XDP (<c>enum netdev_xdp_act</c>, include/uapi/linux/netdev.h).</summary>
[Flags]
enum XdpFeatures : ulong
{
    None = 0,

    /// <summary>XDP in the driver, with the verdicts up to XDP_TX.</summary>
    Native = 1,

    /// <summary>XDP_REDIRECT from it.</summary>
    Redirect = 2,

    /// <summary>Frames that XDP sends to it are transmitted; on veth, that the peer takes them.</summary>
    Transmit = 4,

    /// <summary>AF_XDP without copying.</summary>
    ZeroCopy = 8,

    /// <summary>XDP on the card.</summary>
    Offload = 16,

    /// <summary>Frames in several buffers.</summary>
    ReceiveFragments = 32,

    /// <summary>Transmitting frames in several buffers.</summary>
    TransmitFragments = 64,
}

/// <summary>What an interface's driver can tell an XDP program of a packet (<c>enum netdev_xdp_rx_metadata</c>).</summary>
[Flags]
enum XdpMetadata : ulong
{
    None = 0,

    /// <summary>When the card received it.</summary>
    Timestamp = 1,

    /// <summary>The hash by which the card chose a queue.</summary>
    Hash = 2,

    /// <summary>The VLAN tag that the card took off.</summary>
    VlanTag = 4,
}

/// <summary>Asks the kernel what an interface can do for XDP (the netlink family <c>netdev</c>, Linux 6.3). Needs no privilege.</summary>
static class XdpCapabilities
{
    const string Family = "netdev";
    const byte NETDEV_CMD_DEV_GET = 1;
    const ushort NETDEV_A_DEV_IFINDEX = 1;
    const ushort NETDEV_A_DEV_XDP_FEATURES = 3;
    const ushort NETDEV_A_DEV_XDP_RX_METADATA_FEATURES = 5;

    /// <summary>What the interface can do, or <see langword="null"/> where this kernel doesn't tell.</summary>
    /// <exception cref="CustomProtoException">The interface is gone.</exception>
    internal static XdpFeatures? Read(int interfaceIndex) => (XdpFeatures?)Read(interfaceIndex, NETDEV_A_DEV_XDP_FEATURES);

    /// <summary>What the driver can tell of a packet, or <see langword="null"/> where this kernel doesn't say (Linux 6.7 does).</summary>
    /// <exception cref="CustomProtoException">The interface is gone.</exception>
    internal static XdpMetadata? ReadMetadata(int interfaceIndex) => (XdpMetadata?)Read(interfaceIndex, NETDEV_A_DEV_XDP_RX_METADATA_FEATURES);

    /// <summary>Reads the body of an answer to NETDEV_CMD_DEV_GET.</summary>
    internal static XdpFeatures? Parse(ReadOnlySpan<byte> body) => (XdpFeatures?)Parse(body, NETDEV_A_DEV_XDP_FEATURES);

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    internal static XdpMetadata? ParseMetadata(ReadOnlySpan<byte> body) => (XdpMetadata?)Parse(body, NETDEV_A_DEV_XDP_RX_METADATA_FEATURES);

    static ulong? Read(int interfaceIndex, ushort attribute)
    {
        using var socket = NetlinkSocket.OpenGeneric();
        if (Genetlink.FindFamily(socket, Family) is not { } family)
        {
            return null;
        }

        var request = new NetlinkMessageWriter(stackalloc byte[64], family);
        request.Append(new Genetlink.GenericHeader { Command = NETDEV_CMD_DEV_GET, Version = 1 });
        request.Attribute(NETDEV_A_DEV_IFINDEX, interfaceIndex);
        ulong? value = null;
        var error = socket.Request(request, (_, body) => value = Parse(body, attribute));
        return error.Errno switch
        {
            0 => value,
            Errno.ENODEV => throw NetworkLinks.NotFound(interfaceIndex),
            _ => throw error.ToException(Operation.QueryNetwork, $"the XDP features of interface {interfaceIndex}"),
        };
    }

    static ulong? Parse(ReadOnlySpan<byte> body, ushort attribute)
    {
        NetlinkMessageReader.ReadHeader<Genetlink.GenericHeader>(body, out var attributes);
        while (attributes.MoveNext())
        {
            if (attributes.Type == attribute)
            {
                return attributes.Read<ulong>();
            }
        }

        return null;
    }
}

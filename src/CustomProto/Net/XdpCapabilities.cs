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

/// <summary>Asks the kernel what an interface can do for XDP (the netlink family <c>netdev</c>, Linux 6.3). Needs no privilege.</summary>
static class XdpCapabilities
{
    const string Family = "netdev";
    const byte NETDEV_CMD_DEV_GET = 1;
    const ushort NETDEV_A_DEV_IFINDEX = 1;
    const ushort NETDEV_A_DEV_XDP_FEATURES = 3;

    /// <summary>What the interface can do, or <see langword="null"/> where this kernel doesn't tell.</summary>
    /// <exception cref="CustomProtoException">The interface is gone.</exception>
    internal static XdpFeatures? Read(int interfaceIndex)
    {
        using var socket = NetlinkSocket.OpenGeneric();
        if (Genetlink.FindFamily(socket, Family) is not { } family)
        {
            return null;
        }

        var request = new NetlinkMessageWriter(stackalloc byte[64], family);
        request.Append(new Genetlink.GenericHeader { Command = NETDEV_CMD_DEV_GET, Version = 1 });
        request.Attribute(NETDEV_A_DEV_IFINDEX, interfaceIndex);
        XdpFeatures? features = null;
        var error = socket.Request(request, (_, body) => features = Parse(body));
        return error.Errno switch
        {
            0 => features,
            Errno.ENODEV => throw NetworkLinks.NotFound(interfaceIndex),
            _ => throw error.ToException(Operation.QueryNetwork, $"the XDP features of interface {interfaceIndex}"),
        };
    }

    /// <summary>Reads the body of an answer to NETDEV_CMD_DEV_GET.</summary>
    internal static XdpFeatures? Parse(ReadOnlySpan<byte> body)
    {
        NetlinkMessageReader.ReadHeader<Genetlink.GenericHeader>(body, out var attributes);
        while (attributes.MoveNext())
        {
            if (attributes.Type == NETDEV_A_DEV_XDP_FEATURES)
            {
                return (XdpFeatures)attributes.Read<ulong>();
            }
        }

        return null;
    }
}

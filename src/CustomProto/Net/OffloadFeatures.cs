using CustomProto.Native;

namespace CustomProto.Net;

/// <summary>
/// Which offloads are on, under the names that <c>ethtool -k</c> has for the kernel (the netlink family <c>ethtool</c>, Linux 5.6;
/// Documentation/networking/ethtool-netlink.rst). Needs no privilege.
/// </summary>
static class OffloadFeatures
{
    internal const string LargeReceive = "rx-lro";
    internal const string GenericReceive = "rx-gro";
    internal const string HardwareGenericReceive = "rx-gro-hw";
    internal const string GenericReceiveList = "rx-gro-list";
    internal const string UdpGenericReceiveForwarding = "rx-udp-gro-forwarding";
    internal const string UdpSegmentation = "tx-udp-segmentation";
    internal const string ReceiveVlan = "rx-vlan-hw-parse";

    const string Family = "ethtool";
    const byte ETHTOOL_MSG_FEATURES_GET = 11;
    const ushort ETHTOOL_A_FEATURES_HEADER = 1;
    const ushort ETHTOOL_A_FEATURES_ACTIVE = 4;
    const ushort ETHTOOL_A_HEADER_DEV_INDEX = 1;
    const ushort ETHTOOL_A_BITSET_BITS = 3;
    const ushort ETHTOOL_A_BITSET_BITS_BIT = 1;
    const ushort ETHTOOL_A_BITSET_BIT_NAME = 2;
    const ushort NLA_F_NESTED = 0x8000;

    /// <summary>The names of what is on, or <see langword="null"/> where this kernel doesn't tell.</summary>
    /// <exception cref="CustomProtoException">The interface is gone.</exception>
    internal static IReadOnlySet<string>? Read(int interfaceIndex)
    {
        using var socket = NetlinkSocket.OpenGeneric();
        if (Genetlink.FindFamily(socket, Family) is not { } family)
        {
            return null;
        }

        var nested = new byte[8];
        BitConverter.TryWriteBytes(nested, (ushort)8);
        BitConverter.TryWriteBytes(nested.AsSpan(2), ETHTOOL_A_HEADER_DEV_INDEX);
        BitConverter.TryWriteBytes(nested.AsSpan(4), interfaceIndex);
        var request = new NetlinkMessageWriter(stackalloc byte[64], family);
        request.Append(new Genetlink.GenericHeader { Command = ETHTOOL_MSG_FEATURES_GET, Version = 1 });
        request.Attribute(ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED, nested);
        HashSet<string>? active = null;
        var error = socket.Request(request, (_, body) => active = Parse(body));
        return error.Errno switch
        {
            0 => active,
            Errno.EOPNOTSUPP => null,
            Errno.ENODEV => throw NetworkLinks.NotFound(interfaceIndex),
            _ => throw error.ToException(Operation.QueryNetwork, $"the offloads of interface {interfaceIndex}"),
        };
    }

    /// <summary>Reads the body of an answer to ETHTOOL_MSG_FEATURES_GET: of what is active, the bits that are set are listed.</summary>
    internal static HashSet<string> Parse(ReadOnlySpan<byte> body)
    {
        var active = new HashSet<string>(StringComparer.Ordinal);
        NetlinkMessageReader.ReadHeader<Genetlink.GenericHeader>(body, out var attributes);
        while (attributes.MoveNext())
        {
            if (attributes.Type == ETHTOOL_A_FEATURES_ACTIVE)
            {
                ReadBits(attributes.Nested(), active);
            }
        }

        return active;
    }

    static void ReadBits(NetlinkAttributeReader bitset, HashSet<string> names)
    {
        while (bitset.MoveNext())
        {
            if (bitset.Type != ETHTOOL_A_BITSET_BITS)
            {
                continue;
            }

            var bits = bitset.Nested();
            while (bits.MoveNext())
            {
                if (bits.Type == ETHTOOL_A_BITSET_BITS_BIT && ReadName(bits.Nested()) is { } name)
                {
                    names.Add(name);
                }
            }
        }
    }

    static string? ReadName(NetlinkAttributeReader bit)
    {
        while (bit.MoveNext())
        {
            if (bit.Type == ETHTOOL_A_BITSET_BIT_NAME)
            {
                return bit.ReadText();
            }
        }

        return null;
    }
}

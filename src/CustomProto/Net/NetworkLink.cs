using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>
/// A network interface as the kernel described it at one moment (RTM_NEWLINK; include/uapi/linux/if_link.h). It holds nothing
/// open and doesn't change: ask <see cref="NetworkLinks"/> again for news.
/// </summary>
public sealed record NetworkLink
{
    /// <summary>The interface's number, unique in its network namespace for as long as the interface lives.</summary>
    public required int Index { get; init; }

    /// <summary>The interface's name.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of hardware (ARPHRD_*, include/uapi/linux/if_arp.h): 1 is Ethernet, 772 is loopback.</summary>
    public ushort HardwareType { get; init; }

    /// <summary>Whether the administrator has switched the interface on (IFF_UP).</summary>
    public bool IsUp { get; init; }

    /// <summary>Whether packets pass at present: switched on, with a carrier, and not dormant (IFF_RUNNING).</summary>
    public bool IsRunning { get; init; }

    /// <summary>Whether the device sees its medium: a cable, or a veth peer that is up (IFF_LOWER_UP).</summary>
    public bool HasCarrier { get; init; }

    /// <summary>Whether what is sent comes back to this host (IFF_LOOPBACK).</summary>
    public bool IsLoopback { get; init; }

    /// <summary>The length in bytes of the longest packet, without the Ethernet header.</summary>
    public int Mtu { get; init; }

    /// <summary>The interface's own MAC address; zero where it has none of 48 bits.</summary>
    public MacAddress Address { get; init; }

    /// <summary>Whether packets on it begin with an Ethernet header, which this library needs.</summary>
    public bool HasEthernetHeader => HardwareType is ARPHRD_ETHER or ARPHRD_LOOPBACK;

    /// <summary>
    /// The kind of a virtual interface, such as <c>veth</c>, <c>bridge</c> or <c>vlan</c>; <see langword="null"/> for hardware and lo.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>The device that carries the interface, under its name on <see cref="ParentBus"/>; <see langword="null"/> for virtual ones.</summary>
    public string? ParentDevice { get; init; }

    /// <summary>The bus that the device is on, such as <c>pci</c> or <c>virtio</c>; told since Linux 5.14.</summary>
    public string? ParentBus { get; init; }

    /// <summary>
    /// The number of the interface that this one is tied to: the other end of a veth pair, or the interface below a VLAN or macvlan.
    /// It counts in that interface's own namespace, see <see cref="PeerIsElsewhere"/>.
    /// </summary>
    public int? PeerIndex { get; init; }

    /// <summary>Whether the interface that this one is tied to is in another network namespace.</summary>
    public bool PeerIsElsewhere { get; init; }

    /// <summary>The number that this network namespace has for the other one; <see langword="null"/> where it has none.</summary>
    internal int? PeerNamespace { get; init; }

    /// <summary>The attached XDP programs, native before generic before offloaded. Seeing them needs no privilege.</summary>
    public IReadOnlyList<XdpAttachment> XdpAttachments { get; init; } = [];

    /// <summary>The interface's counters at the moment of the question.</summary>
    public LinkStatistics Statistics { get; init; }

    /// <summary>Reads the body of an RTM_NEWLINK message.</summary>
    internal static NetworkLink Parse(ReadOnlySpan<byte> body)
    {
        var header = NetlinkMessageReader.ReadHeader<LinkMessage>(body, out var attributes);
        var link = new NetworkLink
        {
            Index = header.Index,
            Name = "",
            HardwareType = header.HardwareType,
            IsUp = (header.Flags & IFF_UP) != 0,
            IsRunning = (header.Flags & IFF_RUNNING) != 0,
            HasCarrier = (header.Flags & IFF_LOWER_UP) != 0,
            IsLoopback = (header.Flags & IFF_LOOPBACK) != 0,
        };
        while (attributes.MoveNext())
        {
            link = attributes.Type switch
            {
                IFLA_IFNAME => link with { Name = attributes.ReadText() },
                IFLA_MTU => link with { Mtu = attributes.Read<int>() },
                IFLA_ADDRESS when attributes.Value.Length == MacAddress.Length => link with { Address = new MacAddress(attributes.Value) },
                IFLA_LINK => link with { PeerIndex = attributes.Read<int>() is var peer and not 0 ? peer : null },
                IFLA_LINK_NETNSID => link with { PeerIsElsewhere = true, PeerNamespace = attributes.Read<int>() is var number and >= 0 ? number : null },
                IFLA_PARENT_DEV_NAME => link with { ParentDevice = attributes.ReadText() },
                IFLA_PARENT_DEV_BUS_NAME => link with { ParentBus = attributes.ReadText() },
                IFLA_LINKINFO => link with { Kind = ReadKind(attributes.Nested()) },
                IFLA_XDP => link with { XdpAttachments = ReadXdp(attributes.Nested()) },
                IFLA_STATS64 => link with { Statistics = ReadStatistics(attributes.Read<Statistics>()) },
                _ => link,
            };
        }

        return link;
    }

    static string? ReadKind(NetlinkAttributeReader attributes)
    {
        while (attributes.MoveNext())
        {
            if (attributes.Type == IFLA_INFO_KIND)
            {
                return attributes.ReadText();
            }
        }

        return null;
    }

    static List<XdpAttachment> ReadXdp(NetlinkAttributeReader attributes)
    {
        uint native = 0, generic = 0, offload = 0, only = 0;
        byte attached = 0;
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case IFLA_XDP_ATTACHED:
                    attached = attributes.Read<byte>();
                    break;
                case IFLA_XDP_PROG_ID:
                    only = attributes.Read<uint>();
                    break;
                case IFLA_XDP_DRV_PROG_ID:
                    native = attributes.Read<uint>();
                    break;
                case IFLA_XDP_SKB_PROG_ID:
                    generic = attributes.Read<uint>();
                    break;
                case IFLA_XDP_HW_PROG_ID:
                    offload = attributes.Read<uint>();
                    break;
            }
        }

        if ((native | generic | offload) == 0 && only != 0)
        {
            // A kernel that doesn't tell the modes apart by attribute says the mode beside the id.
            (native, generic, offload) = attached switch
            {
                XDP_ATTACHED_DRV => (only, 0u, 0u),
                XDP_ATTACHED_SKB => (0u, only, 0u),
                XDP_ATTACHED_HW => (0u, 0u, only),
                _ => default,
            };
        }

        var attachments = new List<XdpAttachment>();
        Add(XdpMode.Native, native);
        Add(XdpMode.Generic, generic);
        Add(XdpMode.Offload, offload);
        return attachments;

        void Add(XdpMode mode, uint programId)
        {
            if (programId != 0)
            {
                attachments.Add(new XdpAttachment(mode, programId));
            }
        }
    }

    static LinkStatistics ReadStatistics(in Statistics statistics) => new(
        statistics.ReceivedPackets,
        statistics.TransmittedPackets,
        statistics.ReceivedBytes,
        statistics.TransmittedBytes,
        statistics.ReceiveErrors,
        statistics.TransmitErrors,
        statistics.ReceiveDropped,
        statistics.TransmitDropped);
}

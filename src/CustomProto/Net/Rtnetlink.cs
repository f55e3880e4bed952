using System.Runtime.InteropServices;

namespace CustomProto.Net;

/// <summary>
/// Constants and structures of the kernel's routing socket, under their own names (include/uapi/linux: netlink.h, rtnetlink.h,
/// if_link.h, if_addr.h, neighbour.h). Everything is in host byte order, except addresses.
/// </summary>
static class Rtnetlink
{
    internal const int NLMSG_ALIGNTO = 4;
    internal const ushort NLMSG_NOOP = 1;
    internal const ushort NLMSG_ERROR = 2;
    internal const ushort NLMSG_DONE = 3;
    internal const ushort NLMSG_OVERRUN = 4;

    internal const ushort NLM_F_REQUEST = 0x01;
    internal const ushort NLM_F_ACK = 0x04;
    internal const ushort NLM_F_DUMP_INTR = 0x10;
    internal const ushort NLM_F_DUMP = 0x300;
    internal const ushort NLM_F_EXCL = 0x200;
    internal const ushort NLM_F_CREATE = 0x400;
    internal const ushort NLM_F_CAPPED = 0x100;
    internal const ushort NLM_F_ACK_TLVS = 0x200;

    internal const ushort NLMSGERR_ATTR_MSG = 1;
    internal const ushort NLA_TYPE_MASK = 0x3fff;

    internal const uint RTNLGRP_LINK = 1;
    internal const uint RTNLGRP_NEIGH = 3;

    internal const ushort RTM_NEWLINK = 16;
    internal const ushort RTM_DELLINK = 17;
    internal const ushort RTM_GETLINK = 18;
    internal const ushort RTM_NEWADDR = 20;
    internal const ushort RTM_GETADDR = 22;
    internal const ushort RTM_NEWROUTE = 24;
    internal const ushort RTM_GETROUTE = 26;
    internal const ushort RTM_NEWNEIGH = 28;
    internal const ushort RTM_DELNEIGH = 29;
    internal const ushort RTM_GETNEIGH = 30;

    internal const ushort RTM_NEWQDISC = 36;
    internal const ushort RTM_DELQDISC = 37;
    internal const ushort RTM_NEWTFILTER = 44;
    internal const ushort RTM_DELTFILTER = 45;
    internal const ushort RTM_GETTFILTER = 46;

    internal const ushort TCA_KIND = 1;
    internal const ushort TCA_OPTIONS = 2;
    internal const ushort TCA_CHAIN = 11;
    internal const ushort TCA_BPF_FD = 6;
    internal const ushort TCA_BPF_NAME = 7;
    internal const ushort TCA_BPF_FLAGS = 8;
    internal const ushort TCA_BPF_TAG = 10;
    internal const ushort TCA_BPF_ID = 11;
    internal const int TCA_BPF_FLAG_ACT_DIRECT = 1;
    internal const uint TC_H_CLSACT = 0xfffffff1;
    internal const uint TC_H_MAJ_MASK = 0xffff0000;
    internal const uint TC_H_MIN_INGRESS = 0xfff2;
    internal const uint TC_H_MIN_EGRESS = 0xfff3;

    internal const ushort IFLA_ADDRESS = 1;
    internal const ushort IFLA_IFNAME = 3;
    internal const ushort IFLA_MTU = 4;
    internal const ushort IFLA_LINK = 5;
    internal const ushort IFLA_LINKINFO = 18;
    internal const ushort IFLA_STATS64 = 23;
    internal const ushort IFLA_LINK_NETNSID = 37;
    internal const ushort IFLA_NEW_NETNSID = 45;
    internal const ushort IFLA_NEW_IFINDEX = 49;
    internal const ushort IFLA_XDP = 43;
    internal const ushort IFLA_TARGET_NETNSID = 46;
    internal const ushort IFLA_ALT_IFNAME = 53;
    internal const ushort IFLA_PARENT_DEV_NAME = 56;
    internal const ushort IFLA_PARENT_DEV_BUS_NAME = 57;
    internal const ushort IFLA_INFO_KIND = 1;

    internal const ushort IFLA_XDP_ATTACHED = 2;
    internal const ushort IFLA_XDP_PROG_ID = 4;
    internal const ushort IFLA_XDP_DRV_PROG_ID = 5;
    internal const ushort IFLA_XDP_SKB_PROG_ID = 6;
    internal const ushort IFLA_XDP_HW_PROG_ID = 7;
    internal const byte XDP_ATTACHED_DRV = 1;
    internal const byte XDP_ATTACHED_SKB = 2;
    internal const byte XDP_ATTACHED_HW = 3;

    internal const uint IFF_UP = 0x1;
    internal const uint IFF_LOOPBACK = 0x8;
    internal const uint IFF_RUNNING = 0x40;
    internal const uint IFF_LOWER_UP = 0x10000;
    internal const ushort ARPHRD_ETHER = 1;
    internal const ushort ARPHRD_LOOPBACK = 772;
    internal const int IFNAMSIZ = 16;
    internal const int ALTIFNAMSIZ = 128;

    internal const ushort IFA_LOCAL = 2;
    internal const ushort IFA_BROADCAST = 4;

    internal const ushort RTA_DST = 1;
    internal const ushort RTA_SRC = 2;
    internal const ushort RTA_OIF = 4;
    internal const ushort RTA_GATEWAY = 5;
    internal const ushort RTA_PREFSRC = 7;
    internal const ushort RTA_METRICS = 8;
    internal const ushort RTA_VIA = 18;
    internal const ushort RTAX_MTU = 2;

    internal const ushort NDA_DST = 1;
    internal const ushort NDA_LLADDR = 2;
    internal const byte NTF_USE = 0x01;
    internal const ushort NUD_INCOMPLETE = 0x01;
    internal const ushort NUD_REACHABLE = 0x02;
    internal const ushort NUD_STALE = 0x04;
    internal const ushort NUD_DELAY = 0x08;
    internal const ushort NUD_PROBE = 0x10;
    internal const ushort NUD_FAILED = 0x20;
    internal const ushort NUD_NOARP = 0x40;
    internal const ushort NUD_PERMANENT = 0x80;

    internal const byte RT_SCOPE_LINK = 253;
    internal const byte IFA_F_OPTIMISTIC = 0x04;
    internal const byte IFA_F_TENTATIVE = 0x40;

    /// <summary><c>struct nlmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        internal uint Length;
        internal ushort Type;
        internal ushort Flags;
        internal uint Sequence;
        internal uint PortId;
    }

    /// <summary><c>struct nlattr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AttributeHeader
    {
        internal ushort Length;
        internal ushort Type;
    }

    /// <summary><c>struct ifinfomsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkMessage
    {
        internal byte Family;
        internal byte Padding;
        internal ushort HardwareType;
        internal int Index;
        internal uint Flags;
        internal uint Change;
    }

    /// <summary><c>struct ifaddrmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AddressMessage
    {
        internal byte Family;
        internal byte PrefixLength;
        internal byte Flags;
        internal byte Scope;
        internal int Index;
    }

    /// <summary><c>struct rtmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RouteMessage
    {
        internal byte Family;
        internal byte DestinationLength;
        internal byte SourceLength;
        internal byte TypeOfService;
        internal byte Table;
        internal byte Protocol;
        internal byte Scope;
        internal byte Kind;
        internal uint Flags;
    }

    /// <summary><c>struct ndmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NeighbourMessage
    {
        internal byte Family;
        internal byte Padding1;
        internal ushort Padding2;
        internal int Index;
        internal ushort State;
        internal byte Flags;
        internal byte Type;
    }

    /// <summary><c>struct tcmsg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TrafficControlMessage
    {
        internal byte Family;
        internal byte Padding1;
        internal ushort Padding2;
        internal int Index;
        internal uint Handle;
        internal uint Parent;
        internal uint Info;
    }

    /// <summary>The start of <c>struct rtnl_link_stats64</c>; the kernel appends fields.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Statistics
    {
        internal ulong ReceivedPackets;
        internal ulong TransmittedPackets;
        internal ulong ReceivedBytes;
        internal ulong TransmittedBytes;
        internal ulong ReceiveErrors;
        internal ulong TransmitErrors;
        internal ulong ReceiveDropped;
        internal ulong TransmitDropped;
    }
}

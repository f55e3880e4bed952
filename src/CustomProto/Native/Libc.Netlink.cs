using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <content>What rtnetlink needs beyond plain sockets (linux/netlink.h, bits/socket.h).</content>
static unsafe partial class Libc
{
    internal const int NETLINK_ROUTE = 0;
    internal const int NETLINK_GENERIC = 16;
    internal const int SOL_NETLINK = 270;
    internal const int NETLINK_ADD_MEMBERSHIP = 1;
    internal const int NETLINK_CAP_ACK = 10;
    internal const int NETLINK_EXT_ACK = 11;
    internal const int NETLINK_GET_STRICT_CHK = 12;

    internal const int MSG_PEEK = 0x02;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;

    [LibraryImport(Library, EntryPoint = "recvfrom", SetLastError = true)]
    internal static partial nint RecvFrom(FileDescriptor socket, void* buffer, nuint length, int flags, void* address, uint* addressLength);

    /// <summary><c>struct sockaddr_nl</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NetlinkAddress
    {
        internal ushort Family;
        internal ushort Padding;
        internal uint PortId;
        internal uint Groups;
    }
}

using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <content>What sending needs beyond plain sockets (asm-generic/socket.h, linux/in.h, in6.h, errqueue.h, filter.h, if_packet.h).</content>
static unsafe partial class Libc
{
    internal const short POLLOUT = 0x004;
    internal const int MSG_ERRQUEUE = 0x2000;

    internal const int SOL_IP = 0;
    internal const int IP_TOS = 1;
    internal const int IP_TTL = 2;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_RECVERR = 11;
    internal const int IP_PMTUDISC_DO = 2;

    internal const int SOL_SOCKET = 1;
    internal const int SO_BINDTODEVICE = 25;
    internal const int SO_ATTACH_FILTER = 26;
    internal const int SO_TIMESTAMPING = 37;
    internal const int SOF_TIMESTAMPING_RX_SOFTWARE = 8;
    internal const int SOF_TIMESTAMPING_SOFTWARE = 16;

    internal const int SOL_IPV6 = 41;
    internal const int IPV6_UNICAST_HOPS = 16;
    internal const int IPV6_MTU_DISCOVER = 23;
    internal const int IPV6_RECVERR = 25;
    internal const int IPV6_TCLASS = 67;

    internal const byte SO_EE_ORIGIN_ICMP = 2;
    internal const byte SO_EE_ORIGIN_ICMP6 = 3;

    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint RecvMsg(FileDescriptor socket, MessageHeader* message, int flags);

    /// <summary>Sets the capabilities of the calling thread alone (capset(2)).</summary>
    [LibraryImport(Library, EntryPoint = "capset", SetLastError = true)]
    internal static partial int CapSet(CapabilityHeader* header, CapabilityData* data);

    /// <summary><c>struct sockaddr_ll</c>; its address is eight bytes at offset 12.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal struct PacketAddress
    {
        internal ushort Family;
        internal ushort Protocol;
        internal int InterfaceIndex;
        internal ushort HardwareType;
        internal byte PacketType;
        internal byte AddressLength;
        internal ulong Address;
    }

    /// <summary><c>struct cmsghdr</c> on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
    }

    /// <summary><c>struct sock_extended_err</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ExtendedError
    {
        internal int Errno;
        internal byte Origin;
        internal byte Type;
        internal byte Code;
        internal byte Padding;
        internal uint Info;
        internal uint Data;
    }

    /// <summary><c>struct sock_filter</c>: an instruction of classic BPF.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FilterInstruction
    {
        internal ushort Code;
        internal byte JumpTrue;
        internal byte JumpFalse;
        internal uint Operand;
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FilterProgram
    {
        internal ushort Count;
        internal FilterInstruction* Instructions;
    }

    /// <summary><c>struct __user_cap_header_struct</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CapabilityHeader
    {
        internal uint Version;
        internal int ProcessId;
    }

    /// <summary><c>struct __user_cap_data_struct</c>; version 3 takes two, for capabilities below and from 32.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CapabilityData
    {
        internal uint Effective;
        internal uint Permitted;
        internal uint Inheritable;
    }
}

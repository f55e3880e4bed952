using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_event</c>: what stands before the payload in a ring record.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Event
{
    internal ulong MonotonicNs;
    internal ulong TaiNs;
    internal ulong HardwareNs;
    internal ulong LostBefore;
    internal fixed byte SourceAddress[16];
    internal fixed byte DestinationAddress[16];
    internal uint Ifindex;
    internal uint RxQueue;
    internal uint Cpu;
    internal uint FrameLength;
    internal uint Length;
    internal uint Captured;
    internal uint Trailing;
    internal ushort SourcePort;
    internal ushort DestinationPort;
    internal fixed ushort VlanId[Limit.MaxVlanTags];
    internal fixed byte DestinationMac[6];
    internal fixed byte SourceMac[6];
    internal byte VlanCount;
    internal byte IpVersion;
    internal byte Reason;
    internal byte Direction;
    internal byte Type;
    internal byte Hook;
    internal sbyte Verdict;
    internal byte Reserved;
}

using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_send_state</c>: how far the in-kernel sender of one thread has come.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SendState
{
    internal ulong Sequence;
    internal ulong Left;
    internal ulong DueNs;
    internal ulong FirstNs;
    internal ulong LastNs;
    internal ulong IntervalNs;
    internal ulong MaxLagNs;
    internal uint DueFraction;
    internal uint IntervalFraction;
    internal uint Rest;
    internal uint PortIndex;
    internal uint TypeIndex;
    internal uint Reserved;
    internal fixed byte Frame[SendLimit.MaxFrame];
}

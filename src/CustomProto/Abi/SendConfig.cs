using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_send_config</c>: constant once the in-kernel sender is loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct SendConfig
{
    internal uint Ifindex;
    internal uint Stride;
    internal ushort FirstPort;
    internal ushort PortCount;
    internal ushort PortStride;
    internal byte TypeCount;
    internal byte TypeStride;
    internal byte TypeShift;
    internal byte Stamped;
    internal byte StampIsOdd;
    internal byte Paced;
    internal ushort Length;
    internal ushort Blocks;
    internal fixed byte Types[SendLimit.MaxTypes];
}

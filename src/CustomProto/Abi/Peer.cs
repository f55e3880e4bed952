using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_peer</c>: what is known of a source of messages.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Peer
{
    internal ulong Messages;
    internal ulong Bytes;
    internal ulong Answered;
    internal ulong NextAnswerNs;
    internal ulong FirstNs;
    internal ulong FirstTaiNs;
    internal ulong LastNs;
    internal ulong LastTaiNs;
    internal uint LastLength;
    internal ushort LastPort;
    internal byte LastType;
    internal byte LastCaptured;
    internal fixed byte LastData[Limit.PeerData];
}

using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_stamp</c>: the last bytes of the data, in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Stamp
{
    internal ulong Sequence;
    internal ulong MonotonicNs;
}

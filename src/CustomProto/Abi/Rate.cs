using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_rate</c>: a bucket of tokens, as times.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Rate
{
    internal ulong IntervalNs;
    internal ulong BurstNs;
}

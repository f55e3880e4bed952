using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_latency</c>: the answers of one CPU to one type, by the powers of two of the nanoseconds that they took.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Latency
{
    internal fixed ulong Buckets[Limit.LatencyBuckets];
}

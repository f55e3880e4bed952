using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_encapsulation_counters</c>: what one CPU counted of the datagrams that get or lose the header.</summary>
[StructLayout(LayoutKind.Sequential)]
struct EncapsulationCounters
{
    internal ulong Considered;
    internal ulong Encapsulated;
    internal ulong Decapsulated;
    internal ulong Skipped;
    internal ulong TooBig;
    internal ulong Gso;
    internal ulong Fragment;
    internal ulong Failed;
    internal ulong Told;
}

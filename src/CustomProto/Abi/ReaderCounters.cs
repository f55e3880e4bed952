using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_reader_counters</c>: what one CPU counted for one reader.</summary>
[StructLayout(LayoutKind.Sequential)]
struct ReaderCounters
{
    internal ulong Offered;
    internal ulong Delivered;
    internal ulong Filtered;
    internal ulong Lost;
    internal ulong LostPending;
    internal ulong RejectedDelivered;
    internal ulong RejectedLost;
    internal ulong Reserved;
}

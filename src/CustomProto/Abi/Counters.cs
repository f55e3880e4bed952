using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_counters</c>: what one CPU counted.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Counters
{
    internal ulong Seen;
    internal ulong Valid;
    internal fixed ulong Reasons[(int)Reason.Count];
    internal ulong LaterFragments;
    internal ulong Aggregated;
    internal ulong Answered;
    internal ulong Limited;
    internal ulong Unanswerable;
    internal ulong Peers;
}

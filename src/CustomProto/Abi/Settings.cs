using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_settings</c>: what can be changed while the program runs.</summary>
[StructLayout(LayoutKind.Sequential)]
struct Settings
{
    internal uint MatchAction;
    internal uint Trace;
    internal uint ProgramId;
    internal uint Readers;
    internal uint Filtering;
    internal uint Rejected;
}

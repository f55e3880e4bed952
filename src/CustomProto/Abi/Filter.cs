using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_filter</c>: which messages a reader gets.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Filter
{
    internal fixed ulong Types[4];
    internal fixed ulong SourceAddress[2 * Limit.MaxFilterAddresses];
    internal fixed ulong SourceMask[2 * Limit.MaxFilterAddresses];
    internal fixed ulong Bytes[Limit.MaxFilterWords];
    internal fixed ulong ByteMask[Limit.MaxFilterWords];
    internal fixed ushort SourcePort[Limit.MaxFilterPorts];
    internal fixed ushort DestinationPort[Limit.MaxFilterPorts];
    internal fixed byte SourceVersion[Limit.MaxFilterAddresses];
    internal uint Conditions;
    internal uint DataLength;
    internal uint Sample;
    internal ulong Matched;
}

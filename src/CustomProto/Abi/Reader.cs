using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_reader</c>: what a reader and the program tell each other through mapped memory.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Reader
{
    internal uint Sleeping;
    internal fixed uint Reserved[15];
    internal uint Owner;
    internal uint RingSize;
    internal ulong OwnerStarted;
    internal uint IsKept;
    internal uint Generation;
    internal fixed byte Name[Limit.MaxReaderName];
    internal fixed byte Padding[8];
}

using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_reader</c>: what a reader and the program tell each other through mapped memory.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Reader
{
    internal uint Sleeping;
    internal uint Owner;
    internal ulong OwnerStarted;
    internal fixed uint Reserved[12];
}

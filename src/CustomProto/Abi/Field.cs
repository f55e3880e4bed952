using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_field</c>: a field of the protocol's header; a width of 0 means that there is none.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Field
{
    internal ulong Value;
    internal ushort Offset;
    internal byte Width;
    internal fixed byte Reserved[5];
}

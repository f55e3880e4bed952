using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_config</c>: the definition and the options of one program.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Config
{
    internal Field Magic;
    internal Field Version;
    internal Field Type;
    internal Field Length;
    internal uint AbiVersion;
    internal uint SnapLength;
    internal fixed ushort Ports[Limit.MaxPorts];
    internal ushort HeaderSize;
    internal byte LittleEndian;
    internal byte LengthCountsHeader;
    internal byte VerifyChecksum;
    internal byte MayTrace;
    internal byte ReadTai;
    internal byte KeepPeers;
}

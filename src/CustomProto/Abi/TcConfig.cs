using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_tc_config</c>: what the program at tc has beside <see cref="Config"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct TcConfig
{
    internal fixed byte Header[Limit.MaxHeader];
    internal uint Direction;
    internal uint Encapsulation;
}

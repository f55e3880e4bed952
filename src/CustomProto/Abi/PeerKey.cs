using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_peer_key</c>: a source of messages.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct PeerKey
{
    internal fixed byte Address[16];
    internal uint IpVersion;
}

using System.Runtime.InteropServices;

namespace CustomProto.Abi;

/// <summary><c>struct cp_responder</c>: how requests are answered.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Responder
{
    internal const int TypeCount = 256;

    internal Rate Source;
    internal Rate Total;
    internal uint SourceLimit;
    internal uint TotalLimit;
    internal uint Enabled;
    internal uint IsFixed;
    internal uint DataLength;
    internal uint MayBeLonger;
    internal uint KnowsInterface;
    internal fixed uint Broadcasts[Limit.MaxBroadcasts];
    internal fixed byte Mac[6];
    internal byte IsGeneric;
    internal fixed byte Reserved[5];
    internal fixed ushort Types[TypeCount];
    internal fixed byte Data[Limit.MaxResponse];
}

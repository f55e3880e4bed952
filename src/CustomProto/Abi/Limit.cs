namespace CustomProto.Abi;

/// <summary><c>enum cp_limit</c>. Constants rather than an enumeration, as they are sizes and several are equal.</summary>
static class Limit
{
    internal const int AbiVersion = 2;
    internal const int MaxPorts = 4;
    internal const int MaxHeader = 64;
    internal const int MaxVlanTags = 2;
    internal const int MaxExtensionHeaders = 8;
    internal const int MaxReaders = 8;
    internal const int MaxReaderName = 32;
    internal const int MaxPayload = 65535;
    internal const int MaxLeading = 128;
    internal const int MaxFilterAddresses = 4;
    internal const int MaxFilterPorts = 4;
    internal const int MaxFilterWords = 12;
    internal const int MaxResponse = 4096;
    internal const int MaxBroadcasts = 8;
    internal const int LatencyBuckets = 32;
    internal const int PeerData = 16;
    internal const int ResponseGiven = 256;
    internal const int ResponseFinal = 512;
}

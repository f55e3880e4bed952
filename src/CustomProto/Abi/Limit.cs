namespace CustomProto.Abi;

/// <summary><c>enum cp_limit</c>. Constants rather than an enumeration, as they are sizes and several are equal.</summary>
static class Limit
{
    internal const int AbiVersion = 1;
    internal const int MaxPorts = 4;
    internal const int MaxHeader = 64;
    internal const int MaxVlanTags = 2;
    internal const int MaxExtensionHeaders = 8;
    internal const int MaxReaders = 8;
    internal const int MaxPayload = 65535;
}

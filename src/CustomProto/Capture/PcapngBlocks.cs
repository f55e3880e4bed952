namespace CustomProto.Capture;

/// <summary>The numbers of pcapng that are read and written (draft-ietf-opsawg-pcapng).</summary>
static class PcapngBlocks
{
    /// <summary>The type of a section's first block, the same in both byte orders.</summary>
    internal const uint SectionHeader = 0x0a0d0d0a;

    internal const uint InterfaceDescription = 1;
    internal const uint ObsoletePacket = 2;
    internal const uint SimplePacket = 3;
    internal const uint InterfaceStatistics = 5;
    internal const uint EnhancedPacket = 6;

    internal const uint ByteOrderMagic = 0x1a2b3c4d;
    internal const ushort MajorVersion = 1;

    internal const int BlockHeaderLength = 8;
    internal const int TrailerLength = 4;

    internal const ushort EndOfOptions = 0;
    internal const ushort Comment = 1;

    internal const ushort SectionSystem = 3;
    internal const ushort SectionApplication = 4;

    internal const ushort InterfaceName = 2;
    internal const ushort InterfaceTimeResolution = 9;
    internal const ushort InterfaceTimeOffset = 14;

    internal const ushort PacketFlags = 2;
    internal const ushort PacketDropCount = 4;
    internal const ushort PacketVerdict = 7;

    internal const uint FlagsDirectionMask = 3;
    internal const uint FlagsInbound = 1;
    internal const uint FlagsOutbound = 2;

    internal const ushort StatisticsReceived = 4;
    internal const ushort StatisticsDropped = 5;
    internal const ushort StatisticsDelivered = 8;

    internal static int Padded(int length) => (length + 3) & ~3;
}

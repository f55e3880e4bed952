using System.Buffers.Binary;

namespace CustomProto.Capture;

/// <summary>What both formats of capture files have in common: a byte order, that of the machine that wrote them, and link types.</summary>
abstract class CaptureFormat(CaptureStream stream)
{
    const int Ethernet = 1;

    private protected const long NanosecondsPerSecond = 1_000_000_000;

    long _frames;

    private protected CaptureStream Stream => stream;

    private protected bool IsBigEndian { get; set; }

    /// <summary>The next frame; <see langword="null"/> at the end.</summary>
    internal abstract CapturedFrame? Read(CancellationToken cancellationToken);

    private protected ushort UInt16(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private protected uint UInt32(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private protected long Int64(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadInt64BigEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes);

    private protected CapturedFrame MakeFrame(byte[] bytes, uint originalLength, long? unixNanoseconds, int interfaceIndex, long start)
    {
        if (originalLength > int.MaxValue)
        {
            throw Stream.Damaged(start, $"has a frame that was {originalLength} bytes long");
        }

        return new CapturedFrame
        {
            Number = ++_frames,
            UnixNanoseconds = unixNanoseconds,
            Bytes = bytes,
            // Some writers leave it zero.
            OriginalLength = Math.Max(bytes.Length, (int)originalLength),
            InterfaceIndex = interfaceIndex,
        };
    }

    private protected void RequireEthernet(int linkType)
    {
        if (linkType != Ethernet)
        {
            throw Stream.Unsupported(
                $"frame {_frames + 1} is of link type {linkType} ({Name(linkType)}), not Ethernet ({Ethernet})",
                "Capture on an Ethernet interface: on 'any', for instance, frames lose their Ethernet header.");
        }
    }

    /// <summary>The names of https://www.tcpdump.org/linktypes.html.</summary>
    static string Name(int linkType) => linkType switch
    {
        0 => "NULL",
        9 => "PPP",
        101 => "RAW",
        104 => "C_HDLC",
        105 => "IEEE802_11",
        108 => "LOOP",
        113 => "LINUX_SLL",
        127 => "IEEE802_11_RADIOTAP",
        189 => "USB_LINUX",
        220 => "USB_LINUX_MMAPPED",
        228 => "IPV4",
        229 => "IPV6",
        253 => "NETLINK",
        276 => "LINUX_SLL2",
        _ => "a rare one",
    };
}

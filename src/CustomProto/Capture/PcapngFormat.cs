using System.Buffers.Binary;
using System.Numerics;
using CustomProto.Protocol;
using static CustomProto.Capture.PcapngBlocks;

namespace CustomProto.Capture;

/// <summary>pcapng: blocks of many kinds, in sections that each have a byte order and interfaces of their own.</summary>
/// <remarks>https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html. Blocks that hold no frames are passed over.</remarks>
sealed class PcapngFormat : CaptureFormat
{
    const int MinBlockLength = BlockHeaderLength + TrailerLength;
    const byte Microseconds = 6;
    const int EnhancedHeaderLength = 20;

    /// <summary>More than any machine has, so that a file of nothing but interfaces doesn't fill the memory.</summary>
    const int MaxInterfaces = 1 << 16;

    readonly List<PcapngInterface> _interfaces = [];
    byte[] _buffer = new byte[4096];
    long _start;

    /// <summary>Reads the first section's header, whose type was read already.</summary>
    internal PcapngFormat(CaptureStream stream)
        : base(stream)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        stream.Read(length, _start);
        ReadSectionHeader(length);
    }

    internal override CapturedFrame? Read(CancellationToken cancellationToken)
    {
        Span<byte> header = stackalloc byte[BlockHeaderLength];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _start = Stream.Offset;
            if (!Stream.TryRead(header))
            {
                return null;
            }

            var type = UInt32(header);
            if (type == SectionHeader)
            {
                ReadSectionHeader(header[4..]);
                continue;
            }

            var body = ReadBody(UInt32(header[4..]), alreadyRead: 0);
            switch (type)
            {
                case InterfaceDescription:
                    ReadInterface(body);
                    break;
                case EnhancedPacket:
                    Require(body, EnhancedHeaderLength);
                    return ReadPacket(body, UInt32(body), dropped: 0);
                case ObsoletePacket:
                    const ushort Unknown = 0xffff;
                    Require(body, EnhancedHeaderLength);
                    return ReadPacket(body, UInt16(body), UInt16(body[2..]) is var dropped and not Unknown ? dropped : 0);
                case SimplePacket:
                    return ReadSimplePacket(body);
                default:
                    break;
            }
        }
    }

    /// <summary>Reads the header of a section, after its length, which only its byte order tells how to read.</summary>
    void ReadSectionHeader(ReadOnlySpan<byte> length)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        Stream.Read(magic, _start);
        IsBigEndian = BinaryPrimitives.ReadUInt32BigEndian(magic) == ByteOrderMagic;
        if (!IsBigEndian && BinaryPrimitives.ReadUInt32LittleEndian(magic) != ByteOrderMagic)
        {
            var problem = $"has the byte-order magic {Convert.ToHexString(magic)}";
            throw _start == 0 ? Stream.NotACapture($"the block at offset 0 {problem}") : Stream.Damaged(_start, problem);
        }

        var body = ReadBody(UInt32(length), magic.Length);
        Require(body, 12);
        var version = UInt16(body);
        if (version != MajorVersion)
        {
            throw Stream.Unsupported($"the section at offset {_start} is of version {version} of the pcapng format, not {MajorVersion}", "Convert it: editcap -F pcap.");
        }

        _interfaces.Clear();
    }

    /// <summary>What stands between the header of a block and the repetition of its length, which is checked.</summary>
    ReadOnlySpan<byte> ReadBody(uint length, int alreadyRead)
    {
        if (length < MinBlockLength + alreadyRead || length > CaptureStream.MaxBlockLength || length % 4 != 0)
        {
            throw Stream.Damaged(_start, $"has the length {length}, which none can have");
        }

        var rest = (int)length - BlockHeaderLength - alreadyRead;
        Stream.Require(rest, _start);
        if (_buffer.Length < rest)
        {
            _buffer = new byte[(int)BitOperations.RoundUpToPowerOf2((uint)rest)];
        }

        var bytes = _buffer.AsSpan(0, rest);
        Stream.Read(bytes, _start);
        var repeated = UInt32(bytes[^TrailerLength..]);
        return repeated == length ? bytes[..^TrailerLength] : throw Stream.Damaged(_start, $"says at its beginning that it has {length} bytes and at its end {repeated}");
    }

    void ReadInterface(ReadOnlySpan<byte> body)
    {
        Require(body, 8);
        if (_interfaces.Count == MaxInterfaces)
        {
            throw Stream.Damaged(_start, $"describes one more than {MaxInterfaces} interfaces");
        }

        var described = new PcapngInterface(UInt16(body), UInt32(body[4..]), Microseconds, OffsetSeconds: 0);
        for (var options = body[8..]; TryReadOption(ref options, out var code, out var value);)
        {
            described = (code, value.Length) switch
            {
                (InterfaceName, _) => described with { Name = VisibleText.Decode(value) },
                (InterfaceTimeResolution, sizeof(byte)) => described with { Resolution = value[0] },
                (InterfaceTimeOffset, sizeof(long)) => described with { OffsetSeconds = Int64(value) },
                (InterfaceTimeResolution or InterfaceTimeOffset, _) => throw Stream.Damaged(_start, $"has an option {code} of {value.Length} bytes"),
                _ => described,
            };
        }

        _interfaces.Add(described);
    }

    /// <summary>Reads an option, if there is one more.</summary>
    bool TryReadOption(ref ReadOnlySpan<byte> options, out ushort code, out ReadOnlySpan<byte> value)
    {
        code = EndOfOptions;
        value = default;
        if (options.Length == 0)
        {
            return false;
        }

        Require(options, 4);
        code = UInt16(options);
        var length = UInt16(options[2..]);
        if (code == EndOfOptions)
        {
            return false;
        }

        Require(options, 4 + Padded(length));
        value = options.Slice(4, length);
        options = options[(4 + Padded(length))..];
        return true;
    }

    /// <summary>An enhanced or an obsolete packet block: they differ only in how they give the interface and what was dropped.</summary>
    CapturedFrame ReadPacket(ReadOnlySpan<byte> body, uint interfaceIndex, long dropped)
    {
        var from = FindInterface(interfaceIndex);
        var length = UInt32(body[12..]);
        if (length > body.Length - EnhancedHeaderLength)
        {
            throw Stream.Damaged(_start, $"is too short for its frame of {length} bytes");
        }

        var units = ((ulong)UInt32(body[4..]) << 32) | UInt32(body[8..]);
        var time = from.Nanoseconds(units) ?? throw Stream.Damaged(_start, "has a time centuries away");
        var frame = MakeFrame(body.Slice(EnhancedHeaderLength, (int)length).ToArray(), UInt32(body[16..]), time, (int)interfaceIndex, _start) with
        {
            Interface = from.Name,
            LostBefore = dropped,
        };
        var end = EnhancedHeaderLength + Padded((int)length);
        for (var options = end < body.Length ? body[end..] : default; TryReadOption(ref options, out var code, out var value);)
        {
            frame = (code, value.Length) switch
            {
                (PacketFlags, sizeof(uint)) => frame with { Direction = ReadDirection(UInt32(value)) },
                (Comment, _) when RejectionComment.Read(value) is var reason and not RejectReason.None => frame with { Reason = reason },
                (PacketDropCount, sizeof(long)) => frame with { LostBefore = Math.Max(0, Int64(value)) },
                _ => frame,
            };
        }

        return frame;
    }

    static PacketDirection ReadDirection(uint flags) => (flags & FlagsDirectionMask) switch
    {
        FlagsInbound => PacketDirection.Ingress,
        FlagsOutbound => PacketDirection.Egress,
        _ => PacketDirection.None,
    };

    /// <summary>A frame of the first interface without a time. How much of it was captured isn't written down either.</summary>
    CapturedFrame ReadSimplePacket(ReadOnlySpan<byte> body)
    {
        Require(body, 4);
        var from = FindInterface(0);
        var original = UInt32(body);
        var length = from.SnapLength > 0 ? Math.Min(original, from.SnapLength) : original;
        if (length > body.Length - 4)
        {
            throw Stream.Damaged(_start, $"is too short for its frame of {length} bytes");
        }

        return MakeFrame(body.Slice(4, (int)length).ToArray(), original, unixNanoseconds: null, interfaceIndex: 0, _start);
    }

    PcapngInterface FindInterface(uint index)
    {
        if (index >= _interfaces.Count)
        {
            throw Stream.Damaged(_start, $"is of interface {index}, and {_interfaces.Count} are described before it");
        }

        RequireEthernet(_interfaces[(int)index].LinkType);
        return _interfaces[(int)index];
    }

    void Require(ReadOnlySpan<byte> bytes, int length)
    {
        if (bytes.Length < length)
        {
            throw Stream.Damaged(_start, "is too short for what it holds");
        }
    }
}

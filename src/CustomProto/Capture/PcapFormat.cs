namespace CustomProto.Capture;

/// <summary>Classic pcap: a header of the file, then frames with a header each.</summary>
sealed class PcapFormat : CaptureFormat
{
    const uint MicrosecondMagic = 0xa1b2c3d4;
    const uint NanosecondMagic = 0xa1b23c4d;
    const int HeaderLength = 24;
    const int RecordHeaderLength = 16;
    const int MajorVersion = 2;

    /// <summary>Above the link type stands how long the frames' checksums are.</summary>
    const uint LinkTypeMask = 0x03ffffff;

    readonly long _nanosecondsPerUnit;

    /// <summary>Reads the header, whose magic was read already.</summary>
    internal PcapFormat(CaptureStream stream, uint magic, bool bigEndian)
        : base(stream)
    {
        IsBigEndian = bigEndian;
        _nanosecondsPerUnit = magic == NanosecondMagic ? 1 : 1_000;
        Span<byte> header = stackalloc byte[HeaderLength - sizeof(uint)];
        stream.Read(header, 0);
        var version = UInt16(header);
        if (version != MajorVersion)
        {
            throw stream.Unsupported($"it is of version {version} of the pcap format, not {MajorVersion}", "Convert it: editcap -F pcapng.");
        }

        RequireEthernet((int)(UInt32(header[16..]) & LinkTypeMask));
    }

    internal static bool Recognises(uint magic) => magic is MicrosecondMagic or NanosecondMagic;

    internal override CapturedFrame? Read(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = Stream.Offset;
        Span<byte> header = stackalloc byte[RecordHeaderLength];
        if (!Stream.TryRead(header))
        {
            return null;
        }

        var length = UInt32(header[8..]);
        if (length > CaptureStream.MaxBlockLength)
        {
            throw Stream.Damaged(start, $"has a frame of {length} bytes");
        }

        Stream.Require((int)length, start);
        var bytes = new byte[length];
        Stream.Read(bytes, start);
        var time = (UInt32(header) * NanosecondsPerSecond) + (UInt32(header[4..]) * _nanosecondsPerUnit);
        return MakeFrame(bytes, UInt32(header[12..]), time, interfaceIndex: 0, start);
    }
}

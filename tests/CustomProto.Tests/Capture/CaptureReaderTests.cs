using System.Globalization;
using CustomProto.Capture;

namespace CustomProto.Tests.Capture;

/// <summary>Captures that other tools wrote, as tshark reads them too.</summary>
public sealed class CaptureReaderTests
{
    public static TheoryData<string> Names => [.. CaptureFiles.All.Select(file => file.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Frames_are_those_that_tshark_reads(string name)
    {
        var file = CaptureFiles.Get(name);
        var frames = ReadAll(file.Bytes);

        // Classic files have no interfaces, so tshark shows none.
        Assert.Equal(file.Expected, frames.Select(frame => Show(frame, withInterface: name.EndsWith(".pcapng", StringComparison.Ordinal))));
        Assert.Equal(Enumerable.Range(1, frames.Count).Select(number => (long)number), frames.Select(frame => frame.Number));
        Assert.All(frames, frame =>
        {
            Assert.StartsWith(Convert.ToHexStringLower(frame.Bytes), CaptureFiles.Frames[(frame.Number - 1) % 3], StringComparison.Ordinal);
            Assert.Equal(CaptureFiles.Frames[(frame.Number - 1) % 3].Length / 2, frame.OriginalLength);
            Assert.Equal(frame.Bytes.Length < frame.OriginalLength, frame.IsCut);
        });
    }

    [Fact]
    public void Sections_have_byte_orders_and_interfaces_of_their_own()
    {
        string[] names = ["scapy-le.pcapng", "scapy-be.pcapng", "mergecap.pcapng", "tshark.pcapng"];
        var frames = ReadAll([.. names.SelectMany(name => CaptureFiles.Get(name).Bytes)]);

        Assert.Equal(names.SelectMany(name => CaptureFiles.Get(name).Expected), frames.Select(frame => Show(frame, withInterface: true)));
        Assert.Equal(frames.Count, frames[^1].Number);
    }

    [Fact]
    public void A_stream_needs_neither_seek_nor_give_all_at_once()
    {
        foreach (var file in CaptureFiles.All)
        {
            using var reader = new CaptureReader(new Trickle(file.Bytes), "x");
            Assert.Equal(ReadAll(file.Bytes).Select(frame => frame.ToString()), Rest(reader).Select(frame => frame.ToString()));
        }
    }

    [Fact]
    public void Times_are_kept_to_the_nanosecond_and_told_to_the_tick()
    {
        var frame = ReadAll(CaptureFiles.Get("scapy-ns-be.pcap").Bytes)[0];

        Assert.Equal(1_700_000_000_123_456_789, frame.UnixNanoseconds);
        Assert.Equal(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero).AddTicks(1_234_567), frame.Timestamp);
        Assert.Null(ReadAll(CaptureFiles.Get("scapy-be.pcapng").Bytes)[1].Timestamp);
        Assert.Equal(-1, (frame with { UnixNanoseconds = -1 }).Timestamp!.Value.Ticks - DateTimeOffset.UnixEpoch.Ticks);
        Assert.Equal(2262, (frame with { UnixNanoseconds = long.MaxValue }).Timestamp!.Value.Year);
        Assert.Equal(1677, (frame with { UnixNanoseconds = long.MinValue }).Timestamp!.Value.Year);
    }

    [Theory]
    [InlineData(6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000L)]
    [InlineData(9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789L)]
    [InlineData(0, 0, 1_700_000_000, 1_700_000_000_000_000_000L)]
    [InlineData(12, 0, 1_234_567, 1_234L)]
    [InlineData(0x7f, 0, ulong.MaxValue, 0L)]
    [InlineData(30, 0, ulong.MaxValue, 0L)]
    [InlineData(0x80 | 0, 0, 2, 2_000_000_000L)]
    [InlineData(0x80 | 10, 0, 1_536, 1_500_000_000L)]
    [InlineData(0x80 | 63, 0, 1UL << 63, 1_000_000_000L)]
    [InlineData(0xff, 0, ulong.MaxValue, 0L)]
    [InlineData(6, 1_700_000_000, 5, 1_700_000_000_000_005_000L)]
    [InlineData(6, -1, 0, -1_000_000_000L)]
    [InlineData(0, 0, ulong.MaxValue, null)]
    [InlineData(9, 0, ulong.MaxValue, null)]
    [InlineData(6, long.MaxValue, ulong.MaxValue, null)]
    [InlineData(6, long.MinValue, 0, null)]
    public void Times_count_in_units_of_the_interface(byte resolution, long offset, ulong units, long? expected) =>
        Assert.Equal(expected, new PcapngInterface(1, 0, resolution, offset).Nanoseconds(units));

    /// <summary>What no tool at hand writes: an obsolete packet block, a time offset, the length of checksums beside the link type.</summary>
    [Fact]
    public void What_the_formats_allow_is_read()
    {
        const string Section = "0A0D0D0A 0000001C 1A2B3C4D 0001 0002 FFFFFFFFFFFFFFFF 0000001C ";
        const string Unknown = "80000001 00000010 12345678 00000010 ";
        const string Cooked = "00000001 00000014 0071 0000 00000000 00000014 ";
        const string WithOffset = "00000001 00000034 0001 0000 00000000 0001 0003 61626300 0009 0001 00000000 000E 0008 FFFFFFFFFFFFFFFF 0000 0000 00000034 ";
        const string Obsolete = "00000002 00000024 0001 0007 00000000 00000009 00000003 00000000 AABBCC00 00000024 ";
        const string Simple = "00000003 00000014 00000040 AABBCCDD 00000014 ";
        const string Snapped = "00000001 00000014 0001 0000 00000003 00000014 ";
        var frames = ReadAll(Convert.FromHexString(string.Concat(Section, Unknown, Cooked, WithOffset, Unknown, Obsolete, Section, Snapped, Simple, Unknown).Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(["8.000000000 3 3 1", "3 64 0"], frames.Select(frame => Show(frame, withInterface: true)));
        Assert.All(frames, frame => Assert.Equal("AABBCC", Convert.ToHexString(frame.Bytes)));

        var file = CaptureFiles.Get("scapy-us-be.pcap").Bytes;
        file[20] = 0x24;
        Assert.Equal(3, ReadAll(file).Count);
    }

    [Fact]
    public void Other_versions_are_refused()
    {
        foreach (var (name, at) in ((string, int)[])[("scapy-us-le.pcap", 4), ("scapy-be.pcapng", 13)])
        {
            var file = CaptureFiles.Get(name).Bytes;
            file[at] = 9;
            var refusal = Assert.Throws<CustomProtoException>(() => ReadAll(file));
            Assert.Equal((FailureKind.Unsupported, "CaptureUnsupported"), (refusal.Kind, refusal.ErrorId));
            Assert.Contains("version 9", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Other_link_types_are_refused_by_name()
    {
        var classic = Assert.Throws<CustomProtoException>(() => ReadAll(CaptureFiles.CookedPcap));
        var next = Assert.Throws<CustomProtoException>(() => ReadAll(CaptureFiles.CookedPcapng));

        Assert.All([classic, next], refusal =>
        {
            Assert.Equal((FailureKind.Unsupported, "CaptureUnsupported"), (refusal.Kind, refusal.ErrorId));
            Assert.Contains("frame 1 is of link type 113 (LINUX_SLL), not Ethernet", refusal.Message, StringComparison.Ordinal);
            Assert.NotNull(refusal.Hint);
        });
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("d4c3b2", "it begins with D4C3B2")]
    [InlineData("7f454c4602010100", "it begins with 7F454C46")]
    [InlineData("1f8b0800000000000003", "it is compressed with gzip")]
    [InlineData("28b52ffd00000000", "it is compressed with Zstandard")]
    [InlineData("0a0d0d0a1c000000deadbeef", "the byte-order magic DEADBEEF")]
    public void What_is_no_capture_is_refused(string hex, string message)
    {
        var refusal = Assert.Throws<CustomProtoException>(() => ReadAll(Convert.FromHexString(hex)));

        Assert.Equal((FailureKind.InvalidData, "NotACapture"), (refusal.Kind, refusal.ErrorId));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_cannot_be_opened_are_refused()
    {
        var folder = Assert.Throws<CustomProtoException>(() => CaptureReader.Open(AppContext.BaseDirectory));
        var missing = Assert.Throws<CustomProtoException>(() => CaptureReader.Open("/nowhere/x.pcap"));

        Assert.Equal((FailureKind.InvalidArgument, "CaptureUnreadable"), (folder.Kind, folder.ErrorId));
        Assert.Contains("it is a folder", folder.Message, StringComparison.Ordinal);
        Assert.Equal((FailureKind.NotFound, "CaptureNotFound"), (missing.Kind, missing.ErrorId));
    }

    [Fact]
    public void A_closed_or_cancelled_reader_says_so()
    {
        foreach (var file in CaptureFiles.All)
        {
            var reader = new CaptureReader(new MemoryStream(file.Bytes), "x");
            Assert.Throws<OperationCanceledException>(() => reader.Read(new CancellationToken(canceled: true)));
            Assert.Equal(1, reader.Read()!.Number);
            reader.Dispose();
            reader.Dispose();
            Assert.Throws<ObjectDisposedException>(() => reader.Read());
        }
    }

    internal static List<CapturedFrame> ReadAll(byte[] file)
    {
        using var reader = new CaptureReader(new MemoryStream(file), "x");
        return Rest(reader);
    }

    static List<CapturedFrame> Rest(CaptureReader reader)
    {
        List<CapturedFrame> frames = [];
        while (reader.Read() is { } frame)
        {
            frames.Add(frame);
        }

        return frames;
    }

    static string Show(CapturedFrame frame, bool withInterface)
    {
        const long Second = 1_000_000_000;
        var time = frame.UnixNanoseconds is { } time1970 ? string.Create(CultureInfo.InvariantCulture, $"{time1970 / Second}.{time1970 % Second:d9} ") : "";
        return $"{time}{frame.Bytes.Length} {frame.OriginalLength}{(withInterface ? $" {frame.InterfaceIndex}" : "")}";
    }

    /// <summary>What a pipe is at its worst.</summary>
    sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 3)]);
    }
}

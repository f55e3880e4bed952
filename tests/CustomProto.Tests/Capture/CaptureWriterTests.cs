using System.Net;
using CustomProto.Capture;
using CustomProto.Protocol;

namespace CustomProto.Tests.Capture;

/// <summary>What is written comes back; that other tools read it too is for the tests of the cmdlets.</summary>
public sealed class CaptureWriterTests
{
    const long Time = 1_700_000_000_123_456_789;

    static readonly byte[] s_payload = [0xCA, 0xFE, 1, 7, 0, 3, 1, 2, 3];

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", 0)]
    [InlineData("192.0.2.1", "192.0.2.2", 1)]
    [InlineData("2001:db8::1", "2001:db8::2", 2)]
    public void A_message_comes_back_as_it_was(string source, string destination, int tags)
    {
        var written = Message(source, destination, tags);
        var frame = Assert.Single(ReadAll(Write(capture => capture.Write(written))));
        Assert.Equal((Time, "eth7", PacketDirection.Ingress, 5L, false), (frame.UnixNanoseconds, frame.Interface, frame.Direction, frame.LostBefore, frame.IsCut));

        // Checksums are right, or it would be rejected.
        Assert.NotNull(new PacketDecoder(ProtocolDefinition.Default, verifyChecksum: true).DecodeFrame(frame.Bytes).Message);
        var read = new CapturedMessageDecoder(ProtocolDefinition.Default).Decode(frame).Message!;
        Assert.Equal(written.Data, read.Data);
        Assert.Equal(written.ToString(), read.ToString());
        Assert.Equal(written.VlanId, read.VlanId);
        Assert.Equal(
            (written.Timestamp, written.SourceMac, written.DestinationMac, written.LostBefore, TimestampSource.Capture),
            (read.Timestamp, read.SourceMac, read.DestinationMac, read.LostBefore, read.TimestampSource));
    }

    [Fact]
    public void Data_that_was_not_captured_and_trailing_bytes_are_missing_and_told()
    {
        var written = new CustomMessage(ProtocolDefinition.Default, s_payload[..8], length: 3, trailingBytes: 4, Packet("192.0.2.1", "192.0.2.2", 0));
        var frame = Assert.Single(ReadAll(Write(capture => capture.Write(written))));

        Assert.Equal((14 + 20 + 8 + 8, 14 + 20 + 8 + 9 + 4), (frame.Bytes.Length, frame.OriginalLength));
        var read = new CapturedMessageDecoder(ProtocolDefinition.Default).Decode(frame).Message!;
        Assert.Equal((3, 2, 4), (read.Length, read.CapturedLength, read.TrailingBytes));
        Assert.Equal([1, 2], read.Data);
    }

    [Fact]
    public void A_frame_that_was_cut_in_the_header_is_truncated_and_before_that_foreign()
    {
        var frame = Assert.Single(ReadAll(Write(capture => capture.Write(Message("192.0.2.1", "192.0.2.2", 0)))));
        var decoder = new CapturedMessageDecoder(ProtocolDefinition.Default);
        for (var length = 0; length <= frame.Bytes.Length; length++)
        {
            var packet = decoder.Decode(frame with { Bytes = frame.Bytes[..length] });
            Assert.Equal(length >= 14 + 20 + 8 + 6, packet.Message is not null);
            Assert.Equal(packet.Seen && packet.Message is null, packet.Reason == RejectReason.Truncated);
            Assert.False(packet.Seen && length < 14 + 20 + 2);
        }
    }

    [Fact]
    public void Interfaces_are_described_once_and_counted()
    {
        var other = Packet("2001:db8::1", "2001:db8::2", 0) with { Interface = "lo", Direction = PacketDirection.Egress };
        var file = Write(capture =>
        {
            capture.Write(Message("192.0.2.1", "192.0.2.2", 0));
            capture.Write(new CustomMessage(ProtocolDefinition.Default, s_payload, 3, packet: other));
            capture.Write(Message("192.0.2.1", "192.0.2.2", 0));
            Assert.Equal((3, 10), (capture.Packets, capture.Lost));
        });

        Assert.Equal(["eth7", "lo", "eth7"], ReadAll(file).Select(frame => frame.Interface));
        Assert.Equal([0, 1, 0], ReadAll(file).Select(frame => frame.InterfaceIndex));
        Assert.Equal([PacketDirection.Ingress, PacketDirection.Egress, PacketDirection.Ingress], ReadAll(file).Select(frame => frame.Direction));
    }

    [Fact]
    public void Names_from_a_file_do_nothing_to_a_terminal()
    {
        var packet = Packet("192.0.2.1", "192.0.2.2", 0) with { Interface = "e\u001b[31m" };
        var frame = Assert.Single(ReadAll(Write(capture => capture.Write(new CustomMessage(ProtocolDefinition.Default, s_payload, 3, packet: packet)))));
        Assert.Equal("e\u241b[31m", frame.Interface);
    }

    [Fact]
    public void Its_length_is_known_and_a_message_that_was_nowhere_is_refused()
    {
        var length = 0L;
        var file = Write(capture =>
        {
            capture.Write(Message("192.0.2.1", "192.0.2.2", 0));
            length = capture.Length;
            Assert.Throws<ArgumentException>(() => capture.Write(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, [])));
        });

        // Behind the packets stand the statistics.
        Assert.InRange(file.Length, length + 1, length + 100);
    }

    [Theory]
    [InlineData(RejectReason.BadMagic, "BADD0107000301", 7, true)]
    [InlineData(RejectReason.BadVersion, "CAFE0907000301", 7, true)]
    [InlineData(RejectReason.BadLength, "CAFE01070FFF01", 300, true)]
    [InlineData(RejectReason.Truncated, "CAFE", 2, true)]
    [InlineData(RejectReason.Truncated, "CAFE0107000101", 7, false)]
    [InlineData(RejectReason.Fragment, "CAFE0107000101", 7, false)]
    [InlineData(RejectReason.BadChecksum, "CAFE0107000101", 7, false)]
    public void A_rejected_packet_comes_back_with_its_reason_also_where_the_new_frame_does_not_show_it(RejectReason reason, string payload, int length, bool isShown)
    {
        foreach (var (packet, tags) in new[] { (Packet("192.0.2.1", "192.0.2.2", 1), 1), (Packet("2001:db8::1", "2001:db8::2", 2), 2) })
        {
            var frame = Assert.Single(ReadAll(Write(capture => capture.Write(packet with { Verdict = new PacketVerdict(2, 1) }, Convert.FromHexString(payload), length, lostBefore: 0, reason))));
            var decoder = new CapturedMessageDecoder(ProtocolDefinition.Default);

            var decoded = decoder.Decode(frame, out var rejected);

            Assert.Equal((true, reason, reason), (decoded.Seen, decoded.Reason, frame.Reason));
            Assert.Equal(
                (reason, payload, length, packet.Source.ToIPAddress(), 40000, 12345, tags, "eth7", TimestampSource.Capture),
                (rejected!.Reason, Convert.ToHexString(rejected.LeadingBytes), rejected.Length, rejected.SourceAddress, rejected.SourcePort, rejected.DestinationPort, rejected.VlanId.Length, rejected.Interface!, rejected.TimestampSource));
            Assert.Equal(isShown ? reason : RejectReason.None, decoder.Decode(frame with { Reason = RejectReason.None }).Reason);
            Assert.False(new CapturedMessageDecoder(ProtocolDefinition.Default, [9]).Decode(frame, out rejected).Seen);
            Assert.Null(rejected);
        }

        Assert.Equal(Abi.Limit.MaxLeading, RejectedPacket.MaxLeadingBytes);
    }

    [Fact]
    public void Of_a_rejected_packet_that_lies_about_its_length_comes_what_there_is()
    {
        var frame = Assert.Single(ReadAll(Write(capture => capture.Write(Message("192.0.2.1", "192.0.2.2", 0)))));
        var decoder = new CapturedMessageDecoder(ProtocolDefinition.Default);
        for (var udpLength = 0; udpLength < 24; udpLength++)
        {
            frame.Bytes[14 + 20 + 5] = (byte)udpLength;
            decoder.Decode(frame, out var rejected);
            var length = udpLength is < 8 or > 17 ? s_payload.Length : udpLength - 8;
            Assert.Equal(udpLength == 17, rejected is null);
            Assert.Equal(rejected is null ? null : s_payload[..length], rejected?.LeadingBytes);
            Assert.Equal(rejected is null ? null : length, rejected?.Length);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_said_once()
    {
        var capture = new CaptureWriter(new FullDisk(), "full");
        capture.Write(Message("192.0.2.1", "192.0.2.2", 0));
        var failure = Assert.Throws<CustomProtoException>(capture.Flush);
        Assert.Equal("CaptureUnwritable", failure.ErrorId);
        Assert.Contains("No room", failure.Message, StringComparison.Ordinal);
        capture.Dispose();
    }

    [Fact]
    public void What_it_writes_is_refused_with_words_when_it_is_damaged()
    {
        var random = new Random(7);
        var whole = Write(capture =>
        {
            for (var i = 0; i < 4; i++)
            {
                capture.Write(Packet("192.0.2.1", "192.0.2.2", i % 3) with { Verdict = new PacketVerdict(2, 1) }, s_payload, s_payload.Length, lostBefore: i, i == 3 ? RejectReason.BadLength : RejectReason.None);
            }
        });
        var decoder = new CapturedMessageDecoder(ProtocolDefinition.Default);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = (byte[])whole.Clone();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                foreach (var frame in ReadAll(damaged))
                {
                    read += decoder.Decode(frame).Message?.Length >= 0 ? 1 : 0;
                }
            }
            catch (CustomProtoException failure)
            {
                Assert.True(failure.ErrorId is "NotACapture" or "CaptureDamaged" or "CaptureUnsupported", failure.Message);
                refused++;
            }
        }

        Assert.InRange(read, 1_000, int.MaxValue);
        Assert.InRange(refused, 1_000, int.MaxValue);
    }

    static CustomMessage Message(string source, string destination, int tags) =>
        new(ProtocolDefinition.Default, s_payload, length: 3, packet: Packet(source, destination, tags), lostBefore: 5);

    static PacketMetadata Packet(string source, string destination, int tags) => new()
    {
        UnixNanoseconds = Time,
        TimestampSource = TimestampSource.Tai,
        Interface = "eth7",
        Direction = PacketDirection.Ingress,
        Source = InternetAddress.From(IPAddress.Parse(source)),
        Destination = InternetAddress.From(IPAddress.Parse(destination)),
        SourcePort = 40000,
        DestinationPort = 12345,
        SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
        DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
        VlanCount = tags,
        OuterVlanId = (ushort)(tags > 0 ? 100 : 0),
        InnerVlanId = (ushort)(tags > 1 ? 200 : 0),
    };

    static byte[] Write(Action<CaptureWriter> write)
    {
        var stream = new MemoryStream();
        using (var capture = new CaptureWriter(stream, "x"))
        {
            write(capture);
        }

        return stream.ToArray();
    }

    static List<CapturedFrame> ReadAll(byte[] file) => CaptureReaderTests.ReadAll(file);

    sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No room.");
    }
}

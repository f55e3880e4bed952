using System.Buffers.Binary;
using System.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>Packets that are deliberately different, without a network. tshark and Scapy judge those that were sent, in the kernel tests.</summary>
public sealed class PacketCraftTests
{
    static readonly PacketDecoder s_decoder = new(ProtocolDefinition.Default, verifyChecksum: true);

    static readonly CustomMessage s_message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello World"u8);

    public static TheoryData<string, string> Fields => new()
    {
        { "beef010100" + "0b", "BadMagic" },
        { "cafe020100" + "0b", "BadVersion" },
        { "cafe01010064", "BadLength" },
        { "cafe0101000a", "None" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Fields_of_the_header_are_as_asked_and_nothing_else_changes(string header, string reason)
    {
        var bytes = Convert.FromHexString(header);
        var craft = new PacketCraft
        {
            Magic = BinaryPrimitives.ReadUInt16BigEndian(bytes),
            Version = bytes[2],
            Length = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(4)),
        };

        var frame = Encode(craft)[0];
        var payload = FrameEncoder.EncodePayload(s_message, craft);

        Assert.Equal([.. bytes, .. "Hello World"u8], payload);
        Assert.Equal(payload, frame[^payload.Length..]);
        Assert.Equal(reason, s_decoder.DecodeFrame(frame).Reason.ToString());
    }

    [Fact]
    public void Trailing_bytes_follow_the_data()
    {
        var message = s_decoder.Require(Encode(new PacketCraft { TrailingBytes = 5 })[0]);

        Assert.Equal((11, 5, "Hello World"), (message.Length, message.TrailingBytes, message.Text));
    }

    [Theory]
    [InlineData(false, ChecksumKind.Valid, "None")]
    [InlineData(false, ChecksumKind.Zero, "None")]
    [InlineData(false, ChecksumKind.Bad, "BadChecksum")]
    [InlineData(true, ChecksumKind.Valid, "None")]
    [InlineData(true, ChecksumKind.Zero, "BadChecksum")]
    [InlineData(true, ChecksumKind.Bad, "BadChecksum")]
    public void Checksum_is_as_asked(bool ipv6, ChecksumKind kind, string reason)
    {
        var frame = Encode(new PacketCraft { Checksum = kind }, ipv6)[0];

        Assert.Equal(reason, s_decoder.DecodeFrame(frame).Reason.ToString());
        Assert.Equal(kind == ChecksumKind.Zero, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(frame.Length - 17 - 2)) == 0);
    }

    /// <summary>Whatever the right checksum is, a bad one is neither right nor 0.</summary>
    [Fact]
    public void Bad_checksum_is_bad_for_all_data()
    {
        for (var i = 0; i <= ushort.MaxValue; i++)
        {
            var message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, [(byte)(i >> 8), (byte)i]);
            var frame = FrameEncoder.Encode(message, new FrameOptions { Craft = new PacketCraft { Checksum = ChecksumKind.Bad } })[0];
            Assert.Equal(RejectReason.BadChecksum, s_decoder.DecodeFrame(frame).Reason);
        }
    }

    [Theory]
    [InlineData(1, "Truncated", 58)]
    [InlineData(17, "Truncated", 42)]
    [InlineData(20, "NotOnPort", 39)]
    [InlineData(45, "NotOnPort", 14)]
    [InlineData(1000, "NotOnPort", 14)]
    public void Frame_ends_early_but_for_its_Ethernet_header(int cut, string errorId, int left)
    {
        var frame = Encode(new PacketCraft { Truncate = cut })[0];

        Assert.Equal(left, frame.Length);
        Assert.Equal(Encode(PacketCraft.None)[0][..left], frame);
        Assert.Equal(errorId, Assert.Throws<CustomProtoException>(() => s_decoder.Require(frame, PacketForm.Frame)).ErrorId);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(4, 4)]
    [InlineData(37, 40)]
    [InlineData(40, 40)]
    public void Options_are_filled_up(int given, int length)
    {
        var options = Enumerable.Range(1, given).Select(value => (byte)value).ToArray();
        var frame = Encode(new PacketCraft { IPOption = options })[0];

        Assert.Equal(5 + (length / 4), frame[14] & 0x0f);
        Assert.Equal([.. options, .. new byte[length - given]], frame[34..(34 + length)]);
        Assert.Equal("Hello World", s_decoder.Require(frame).Text);
    }

    [Theory]
    [InlineData(false, 8, 4)]
    [InlineData(false, 15, 4)]
    [InlineData(false, 16, 2)]
    [InlineData(false, 24, 2)]
    [InlineData(false, 25, 1)]
    [InlineData(true, 8, 4)]
    [InlineData(true, 24, 2)]
    [InlineData(true, 25, 1)]
    public void Fragments_put_together_are_the_datagram(bool ipv6, int size, int count)
    {
        var whole = Encode(PacketCraft.None, ipv6)[0];
        var fragments = Encode(new PacketCraft { FragmentSize = size }, ipv6);
        var header = 14 + (ipv6 ? 40 : 20);

        Assert.Equal(count, fragments.Count);
        if (fragments.Count == 1)
        {
            Assert.Equal(whole, fragments[0]);
            return;
        }

        Assert.Equal(whole[header..], fragments.SelectMany(fragment => fragment[(header + (ipv6 ? 8 : 0))..]));
        Assert.Equal(RejectReason.Fragment, s_decoder.DecodeFrame(fragments[0]).Reason);
        Assert.All(fragments.Skip(1), fragment => Assert.True(s_decoder.DecodeFrame(fragment).IsLaterFragment));
    }

    [Fact]
    public void Only_options_that_say_so_are_in_every_fragment()
    {
        // Record route (7) is not copied, loose source route (131) is; RFC 791, section 3.1.
        byte[] options = [1, 7, 7, 4, 0, 0, 0, 0, 131, 7, 4, 192, 0, 2, 9, 0];
        var fragments = Encode(new PacketCraft { IPOption = options, FragmentSize = 8 });

        Assert.Equal(options, fragments[0][34..50]);
        Assert.All(fragments.Skip(1), fragment => Assert.Equal([131, 7, 4, 192, 0, 2, 9, 0], fragment[34..42]));
        Assert.All(fragments, fragment => Assert.Equal(0, InternetChecksum.Finish(InternetChecksum.Sum(fragment.AsSpan(14, 4 * (fragment[14] & 0x0f))))));
    }

    [Theory]
    [InlineData("NoSuchField")]
    [InlineData("FieldValueOutOfRange")]
    [InlineData("OptionsNeedIPv4")]
    [InlineData("OptionsTooLong")]
    [InlineData("FragmentSizeOutOfRange")]
    [InlineData("TruncateOutOfRange")]
    [InlineData("TrailingBytesOutOfRange")]
    [InlineData("FuzzConflict")]
    [InlineData("AddressFamilyMismatch")]
    public void What_does_not_go_is_refused(string errorId)
    {
        var protocol = errorId == "NoSuchField" ? new ProtocolDefinition("bare", [9], 1, []) : ProtocolDefinition.Default;
        var ipv6 = errorId == "OptionsNeedIPv4";
        var craft = errorId switch
        {
            "NoSuchField" => new PacketCraft { Magic = 1 },
            "FieldValueOutOfRange" => new PacketCraft { Version = 256 },
            "OptionsNeedIPv4" => new PacketCraft { IPOption = [1] },
            "OptionsTooLong" => new PacketCraft { IPOption = new byte[41] },
            "FragmentSizeOutOfRange" => new PacketCraft { FragmentSize = 7 },
            "TruncateOutOfRange" => new PacketCraft { Truncate = -1 },
            "TrailingBytesOutOfRange" => new PacketCraft { TrailingBytes = -1 },
            "FuzzConflict" => new PacketCraft { FuzzSeed = 1, Truncate = 1 },
            _ => PacketCraft.None,
        };
        var options = new FrameOptions
        {
            Craft = craft,
            DestinationAddress = IPAddress.Parse(ipv6 ? "::1" : "192.0.2.9"),
            SourceAddress = errorId == "AddressFamilyMismatch" ? IPAddress.IPv6Loopback : null,
        };

        var exception = Assert.Throws<CustomProtoException>(() => FrameEncoder.Encode(CustomMessage.Create(protocol, MessageType.None, []), options));

        Assert.Equal((FailureKind.InvalidArgument, errorId), (exception.Kind, exception.ErrorId));
        Assert.NotNull(exception.Hint);
    }

    [Fact]
    public void Options_leave_less_room_for_data()
    {
        var options = new FrameOptions { Craft = new PacketCraft { IPOption = new byte[40] } };
        var message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, new byte[65_501 - 40]);
        Assert.Equal(65_535 + 14, FrameEncoder.Encode(message, options)[0].Length);

        message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, new byte[65_501 - 39]);
        Assert.Contains("at most 65,461", Assert.Throws<CustomProtoException>(() => FrameEncoder.Encode(message, options)).Message, StringComparison.Ordinal);
    }

    static IReadOnlyList<byte[]> Encode(PacketCraft craft, bool ipv6 = false) =>
        FrameEncoder.Encode(s_message, new FrameOptions { Craft = craft, DestinationAddress = IPAddress.Parse(ipv6 ? "2001:db8::2" : "192.0.2.2") });
}

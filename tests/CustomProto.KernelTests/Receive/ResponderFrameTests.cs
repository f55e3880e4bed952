using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>What the responder makes of frames, run in the kernel without a network and judged by Scapy.</summary>
[Collection(KernelSuite.Name)]
public sealed class ResponderFrameTests
{
    const byte Response = (byte)MessageType.Response;

    /// <summary>
    /// Requests of the fixtures that aren't answered: to a broadcast or multicast address, from port 0, to another port than the protocol's.
    /// Those with IPv6 extension headers aren't either.
    /// </summary>
    static readonly string[] s_unanswerable =
    [
        "ipv4-other-addresses", "ipv6-multicast", "mac-and-address-bytes-all-different",
        "source-port-0",
        "source-port-ours-to-dns", "second-port-as-source", "drop-response-ipv6-vlan", "checksum-right-response-vlan",
    ];

    [KernelFact(KernelNeed.Bpf)]
    public void Every_request_among_the_fixtures_gets_the_right_response()
    {
        var check = new ResponseCheck();
        using var programs = new Programs();
        foreach (var fixture in Fixture.All.Values)
        {
            var program = programs.Get(fixture);
            var protocol = (fixture.Configuration ?? new FixtureConfiguration()).Options.Protocol;
            var before = program.ReadStatistics();

            var report = program.Run(fixture.Bytes, repeat: 1, fixture.LinearLength);

            var after = program.ReadStatistics();
            var counted = (after.Answered - before.Answered, after.Limited - before.Limited, after.Unanswerable - before.Unanswerable);
            Assert.Equal(fixture.Message?.ToString(), report.Message is { } read ? FixtureMessage.From(read).ToString() : null);
            if (report.Message is not { } message || protocol.Type is null || message.Type != MessageType.Request)
            {
                Assert.Equal((fixture.Name, fixture.Verdict, (0, 0, 0)), (fixture.Name, report.Verdict.ToString(), counted));
                Assert.Equal(fixture.Bytes, report.Output);
            }
            else if (s_unanswerable.Contains(fixture.Name) || HasExtensionHeaders(fixture.Bytes))
            {
                Assert.Equal((fixture.Name, fixture.Verdict, (0, 0, 1)), (fixture.Name, report.Verdict.ToString(), counted));
                Assert.Equal(fixture.Bytes, report.Output);
            }
            else
            {
                Assert.Equal((fixture.Name, XdpVerdict.Tx, (1, 0, 0)), (fixture.Name, report.Verdict, counted));
                var payload = UdpPayload(fixture.Bytes, message);
                check.Add(fixture.Name, fixture.Bytes, report.Output, ResponseCheck.Payload(protocol, payload, message.Length, Response));
            }
        }

        Assert.True(check.Count > 120, $"Only {check.Count} requests were answered.");
        check.AssertRight();
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(17, false)]
    [InlineData(18, true)]
    [InlineData(400, true)]
    [InlineData(1400, true)]
    public void Fixed_response_takes_the_place_of_the_data_and_is_longer_only_if_allowed(int length, bool isLonger)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        var check = new ResponseCheck();
        foreach (var mayBeLonger in (bool[])[false, true])
        {
            using var program = Load(new ResponderOptions { Data = data, MayBeLonger = mayBeLonger });
            foreach (var fixture in (string[])["ipv4-request", "ipv6-request", "vlan-qinq", "ipv4-option-timestamp", "tutorial-packet-ipv4"])
            {
                // The classic packet has 11 bytes of payload after its header, and the others 17 to 20.
                var frame = FrameWith(fixture, 17);
                var report = program.Run(frame);
                if (isLonger && !mayBeLonger)
                {
                    Assert.Equal(XdpVerdict.Pass, report.Verdict);
                    Assert.Equal(frame, report.Output);
                    continue;
                }

                Assert.Equal(XdpVerdict.Tx, report.Verdict);
                check.Add($"{fixture}, {length}", frame, report.Output, ResponseCheck.Payload(ProtocolDefinition.Default, UdpPayload(frame, report.Message!), 0, Response, data));
            }
        }

        check.AssertRight();
    }

    /// <summary>The frame is made longer before the readers get the request, and shorter afterwards; either way they get all of it.</summary>
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(1)]
    [InlineData(900)]
    public void Readers_get_the_request_as_it_came_with_the_answer_as_its_verdict(int length)
    {
        using var program = Load(new ResponderOptions { Data = new byte[length], MayBeLonger = true });
        var data = new byte[333];
        new Random(length).NextBytes(data);
        foreach (var (type, verdict) in ((MessageType, XdpVerdict)[])[(MessageType.Request, XdpVerdict.Tx), ((MessageType)9, XdpVerdict.Pass)])
        {
            var report = program.Run(Encode(data, type));

            Assert.Equal((verdict, new PacketVerdict(2, (sbyte)verdict)), (report.Verdict, report.Message!.Packet.Verdict));
            Assert.Equal(data, report.Message.Data);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Longer_response_that_the_MTU_has_no_room_for_is_none()
    {
        // A test run's frame comes from the loopback device, whose MTU a network namespace of our own may make small.
        using var network = new TestNetwork(1);
        network.Ip(0, "link set dev lo mtu 1300");
        network.Run(0, () =>
        {
            using var program = Load(new ResponderOptions { Data = new byte[1300 - 28 - 6], MayBeLonger = true });
            using var tooLong = Load(new ResponderOptions { Data = new byte[1300 - 28 - 5], MayBeLonger = true });
            var frame = Encode("x"u8);
            Assert.Equal(XdpVerdict.Tx, program.Run(frame).Verdict);
            Assert.Equal(XdpVerdict.Pass, tooLong.Run(frame).Verdict);
            Assert.Equal((0, 1), (tooLong.ReadStatistics().Answered, tooLong.ReadStatistics().Unanswerable));
        });
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Rules_say_which_types_are_answered_with_which()
    {
        using var program = Load(new ResponderOptions { Types = new Dictionary<byte, byte> { [5] = 6, [0] = 255, [250] = 2 } });
        foreach (var (request, response) in new (byte, byte?)[] { (5, 6), (0, 255), (250, 2), (1, null), (2, null), (6, null), (255, null) })
        {
            var frame = Encode("data"u8, (MessageType)request);
            var report = program.Run(frame);
            Assert.Equal((request, response is null ? XdpVerdict.Pass : XdpVerdict.Tx), (request, report.Verdict));
            if (response is { } type)
            {
                Assert.Equal((type, (MessageType)request), (report.Output[45], report.Message!.Type));
            }
        }

        // What comes from the protocol's own port may come from a responder, and then only a Response ends it.
        Assert.Equal(XdpVerdict.Tx, program.Run(Encode("data"u8, (MessageType)250, sourcePort: 12345)).Verdict);
        Assert.Equal(XdpVerdict.Pass, program.Run(Encode("data"u8, (MessageType)5, sourcePort: 12345)).Verdict);
        Assert.Equal((4, 1), (program.ReadStatistics().Answered, program.ReadStatistics().Unanswerable));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(0, "01005e000001", "a multicast MAC address it goes to")]
    [InlineData(6, "ffffffffffff", "a broadcast MAC address it comes from")]
    [InlineData(6, "030000000001", "a group MAC address it comes from")]
    [InlineData(26, "e0000001", "a multicast source")]
    [InlineData(26, "ffffffff", "the broadcast source")]
    [InlineData(26, "f0000001", "a reserved source")]
    [InlineData(26, "00000000", "no source")]
    [InlineData(26, "00010203", "a source of this network")]
    [InlineData(30, "efffffff", "a multicast destination")]
    [InlineData(30, "ffffffff", "a broadcast destination")]
    [InlineData(34, "0000", "source port 0")]
    public void Requests_from_or_to_more_than_one_host_are_not_answered(int offset, string bytes, string what)
    {
        using var program = Load(new ResponderOptions());
        var frame = Encode("data"u8);
        Assert.Equal(XdpVerdict.Tx, program.Run(frame).Verdict);
        Convert.FromHexString(bytes).CopyTo(frame, offset);

        var report = program.Run(frame);

        Assert.Equal((what, XdpVerdict.Pass), (what, report.Verdict));
        Assert.Equal(frame, report.Output);
        Assert.NotNull(report.Message);
        Assert.Equal((1, 0, 1), (program.ReadStatistics().Answered, program.ReadStatistics().Limited, program.ReadStatistics().Unanswerable));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Responder_of_a_test_run_has_no_limits_and_repetition_answers_each_time()
    {
        using var program = Load(new ResponderOptions { Limit = 1, TotalLimit = 1 });

        var report = program.Run(Encode("data"u8), repeat: 500);

        Assert.Equal(XdpVerdict.Tx, report.Verdict);
        Assert.Equal((501, 501, 0), (program.ReadStatistics().Valid, program.ReadStatistics().Answered, program.ReadStatistics().Limited));
    }

    static TestReceiver Load(ResponderOptions responder) =>
        TestReceiver.Load(new ReceiverOptions { Interface = "none", RingSize = ReceiverOptions.MinRingSize, Responder = responder });

    static byte[] Encode(ReadOnlySpan<byte> data, MessageType type = MessageType.Request, int sourcePort = 40000)
    {
        var frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, type, data));
        WriteUInt16(frame, 34, sourcePort);
        return frame;
    }

    /// <summary>A fixture's headers, with so many bytes of UDP payload after the protocol's header.</summary>
    static byte[] FrameWith(string fixture, int dataLength)
    {
        var frame = Fixture.All[fixture].Bytes;
        var message = Fixture.All[fixture].Message!;
        var udp = UdpOffset(frame);
        var result = new byte[udp + 8 + 6 + dataLength];
        frame.AsSpan(0, Math.Min(frame.Length, result.Length)).CopyTo(result);
        var isIPv6 = message.SourceAddress.Contains(':', StringComparison.Ordinal);
        var ip = IpOffset(frame);
        WriteUInt16(result, ip + (isIPv6 ? 4 : 2), result.Length - ip - (isIPv6 ? 40 : 0));
        WriteUInt16(result, udp + 4, result.Length - udp);
        WriteUInt16(result, udp + 12, dataLength);
        return result;
    }

    static void WriteUInt16(byte[] frame, int offset, int value) =>
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(offset), (ushort)value);

    static byte[] UdpPayload(byte[] frame, CustomMessage message)
    {
        var udp = UdpOffset(frame);
        return frame[(udp + 8)..Math.Min(frame.Length, udp + 8 + message.Definition.HeaderSize + message.Length)];
    }

    static int IpOffset(byte[] frame)
    {
        var offset = 12;
        while ((frame[offset], frame[offset + 1]) is (0x81, 0) or (0x88, 0xa8))
        {
            offset += 4;
        }

        return offset + 2;
    }

    static int UdpOffset(byte[] frame)
    {
        var ip = IpOffset(frame);
        return ip + (frame[ip] >> 4 == 4 ? (frame[ip] & 15) * 4 : 40);
    }

    static bool HasExtensionHeaders(byte[] frame)
    {
        var ip = IpOffset(frame);
        return frame[ip] >> 4 == 6 && frame[ip + 6] != 17;
    }

    /// <summary>A responding program for each configuration among the fixtures; those without types don't respond.</summary>
    sealed class Programs : IDisposable
    {
        readonly Dictionary<string, TestReceiver> _programs = [];

        internal TestReceiver Get(Fixture fixture)
        {
            var configuration = fixture.Configuration ?? new FixtureConfiguration();
            if (!_programs.TryGetValue(configuration.Key, out var program))
            {
                var options = configuration.Options;
                program = TestReceiver.Load(options with { Responder = options.Protocol.Type is null ? null : new ResponderOptions() });
                _programs.Add(configuration.Key, program);
            }

            return program;
        }

        public void Dispose()
        {
            foreach (var program in _programs.Values)
            {
                program.Dispose();
            }
        }
    }
}

using System.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Packets that are deliberately different, at the far end.</summary>
[Collection(KernelSuite.Name)]
public sealed class CraftedSenderTests
{
    /// <summary>Puts fragments together and compares with the payload.</summary>
    const string Defragment = """
        import sys, logging
        logging.getLogger('scapy').setLevel(logging.ERROR)
        from scapy.all import *
        from scapy.layers.inet6 import defragment6
        packets = rdpcap(sys.argv[1])
        whole = defragment6(packets) if IPv6 in packets[0] else defragment(packets)[0]
        udp = whole[UDP]
        print(len(packets), udp.len, bytes(udp.payload).hex())
        """;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false, false, 5)]
    [InlineData(false, true, 5)]
    [InlineData(true, false, 6)]
    [InlineData(true, true, 6)]
    public void What_the_counters_of_a_fuzzed_receiver_say_is_what_the_decoder_foretells(bool ipv6, bool verifyChecksum, int seed)
    {
        const int Count = 5000;
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var receiver = network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
        {
            Interface = "veth1",
            VerifyChecksum = verifyChecksum,
            RingSize = 16 << 20,
            MatchAction = MatchAction.Drop,
        }));
        using var reader = receiver.OpenReader();
        var options = SendTest.ToRight(ipv6) with { SourcePort = 40000, Craft = new PacketCraft { FuzzSeed = seed } };
        var message = SendTest.Message(50);

        var sent = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(options);
            sender.Send(message.Payload, Count);
            var result = sender.Complete();

            // The last one tells that those before it were handled: one CPU handles a sender's packets in order.
            using var last = Sender.Open(SendTest.ToRight(ipv6, Transport.Raw));
            last.Send(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "last"u8));
            return result;
        });
        while (reader.Read(s_patience) is { } received && received.Text != "last")
        {
        }

        var expected = Foretell(options, message, Count, verifyChecksum, out var frames);
        var counted = receiver.ReadStatistics();
        Assert.Equal((frames, frames, Transport.Raw), (sent.Packets, sent.Confirmed, sent.Transport));
        Assert.Equal(
            expected,
            $"{counted.Seen - 1} {counted.Valid - 1} {counted.Fragment} {counted.Truncated} {counted.BadChecksum} {counted.BadMagic} {counted.BadVersion} {counted.BadLength} {counted.LaterFragments}");
        Assert.Equal(counted.Seen, counted.Valid + counted.Fragment + counted.Truncated + counted.BadChecksum + counted.BadMagic + counted.BadVersion + counted.BadLength);
        Assert.Equal((counted.Valid, 0), (counted.Delivered + counted.Filtered, counted.Lost));
        Assert.True(counted.Fragment > 50 && counted.Truncated > 50 && counted.BadMagic > 50 && counted.BadVersion > 50 && counted.BadLength > 50);
        Assert.Equal(verifyChecksum, counted.BadChecksum > 50);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fuzzed_frames_arrive_as_the_seed_makes_them(bool ipv6)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        var options = SendTest.ToRight(ipv6) with { SourcePort = 40000, Craft = new PacketCraft { FuzzSeed = -3 } };
        var message = SendTest.Message(20);
        var expected = Frames(options, message, 200).ToArray();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", expected.Length);

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(options);
            sender.Send(message.Payload, 200);
            return sender.Complete();
        });

        Assert.Equal(expected.Length, result.Packets);
        Assert.Equal(expected.Select(Convert.ToHexStringLower), capture.ReadFrames().Select(Convert.ToHexStringLower));
    }

    [KernelTheory]
    [InlineData(false, 1500, null, 3000, 3)]
    [InlineData(true, 1500, null, 3000, 3)]
    [InlineData(false, 1500, 100, 333, 4)]
    [InlineData(true, 1500, 100, 333, 4)]
    [InlineData(false, 9000, null, 65_501, 8)]
    [InlineData(true, 9000, null, 65_521, 8)]
    [InlineData(false, 1500, 5000, 1466, 1)]
    public void Fragments_are_put_together_to_the_datagram(bool ipv6, int mtu, int? size, int length, int count)
    {
        using var network = SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", count);
        var options = SendTest.ToRight(ipv6) with { Craft = new PacketCraft { Fragment = true, FragmentSize = size } };

        var result = SendTest.Send(network, options, length);

        Assert.All(capture.Read(), packet => Assert.True(packet["ip.checksum.status"] is "1" or ""));
        var payload = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, SendTest.Data(length));
        Assert.Equal($"{count} {payload.Length + 8} {Convert.ToHexStringLower(payload)}", ExactnessTests.Python(Defragment, capture.File).Trim());
        Assert.Equal((count, count), (result.Packets, result.Confirmed));
    }

    /// <summary>The network stack of the far end puts them together too, and believes the checksum.</summary>
    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fragments_reach_a_socket_as_one_datagram(bool ipv6)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var socket = network.Run(TestNetwork.Right, () =>
        {
            var socket = new System.Net.Sockets.Socket(SendTest.ToRight(ipv6).Destination.AddressFamily, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp)
            {
                ReceiveTimeout = (int)s_patience.TotalMilliseconds,
            };
            socket.Bind(new IPEndPoint(ipv6 ? IPAddress.IPv6Any : IPAddress.Any, SendTest.Port));
            return socket;
        });

        SendTest.Send(network, SendTest.ToRight(ipv6) with { Craft = new PacketCraft { Fragment = true } }, 20_000);

        var buffer = new byte[30_000];
        Assert.Equal(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, SendTest.Data(20_000)), buffer[..socket.Receive(buffer)]);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("magic", false, nameof(ReceiveStatistics.BadMagic))]
    [InlineData("magic", true, nameof(ReceiveStatistics.BadMagic))]
    [InlineData("version", false, nameof(ReceiveStatistics.BadVersion))]
    [InlineData("length", false, nameof(ReceiveStatistics.BadLength))]
    [InlineData("zero", false, nameof(ReceiveStatistics.Valid))]
    [InlineData("zero", true, nameof(ReceiveStatistics.BadChecksum))]
    [InlineData("bad", false, nameof(ReceiveStatistics.BadChecksum))]
    [InlineData("bad", true, nameof(ReceiveStatistics.BadChecksum))]
    [InlineData("truncate", false, nameof(ReceiveStatistics.Truncated))]
    [InlineData("truncate", true, nameof(ReceiveStatistics.Truncated))]
    [InlineData("trailing", false, nameof(ReceiveStatistics.Valid))]
    [InlineData("fragment", false, nameof(ReceiveStatistics.Fragment))]
    [InlineData("fragment", true, nameof(ReceiveStatistics.Fragment))]
    [InlineData("options", false, nameof(ReceiveStatistics.Valid))]
    public void Each_deviation_is_counted_under_its_name(string name, bool ipv6, string counter)
    {
        const int Count = 100;
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var receiver = network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "veth1", VerifyChecksum = true, MatchAction = MatchAction.Drop }));
        using var reader = receiver.OpenReader();
        var craft = name switch
        {
            "magic" => new PacketCraft { Magic = 0xBEEF },
            "version" => new PacketCraft { Version = 2 },
            "length" => new PacketCraft { Length = 1000 },
            "zero" => new PacketCraft { Checksum = ChecksumKind.Zero },
            "bad" => new PacketCraft { Checksum = ChecksumKind.Bad },
            "truncate" => new PacketCraft { Truncate = 5 },
            "trailing" => new PacketCraft { TrailingBytes = 7 },
            "fragment" => new PacketCraft { FragmentSize = 16 },
            _ => new PacketCraft { IPOption = [1, 1, 1, 1] },
        };

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(ipv6) with { Craft = craft });
            sender.Send(SendTest.Message(20).Payload, Count);
            using var last = Sender.Open(SendTest.ToRight(ipv6, Transport.Raw));
            last.Send(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "last"u8));
            return sender.Complete();
        });
        while (reader.Read(s_patience) is { } received && received.Text != "last")
        {
            Assert.Equal(name == "trailing" ? 7 : 0, received.TrailingBytes);
        }

        // A datagram of 34 bytes comes in three fragments, of which only the first is seen as one of ours.
        var counted = receiver.ReadStatistics();
        Assert.Equal(Count + (counter == "Valid" ? 1 : 0), (long)typeof(ReceiveStatistics).GetProperty(counter)!.GetValue(counted)!);
        Assert.Equal((Count + 1, name == "fragment" ? 2 * Count : 0), (counted.Seen, counted.LaterFragments));
        Assert.Equal(name == "fragment" ? 3 * Count : Count, result.Packets);
    }

    [KernelTheory]
    [InlineData("checksum")]
    [InlineData("truncate")]
    [InlineData("fragment")]
    [InlineData("options")]
    [InlineData("fuzz")]
    public void What_only_a_raw_frame_can_have_is_refused_for_Udp(string name)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        var craft = name switch
        {
            "checksum" => new PacketCraft { Checksum = ChecksumKind.Zero },
            "truncate" => new PacketCraft { Truncate = 5 },
            "fragment" => new PacketCraft { Fragment = true },
            "options" => new PacketCraft { IPOption = [1, 1, 1, 1] },
            _ => new PacketCraft { FuzzSeed = 1 },
        };

        var exception = SendTest.Fails<CustomProtoException>(network, SendTest.ToRight(transport: Transport.Udp) with { Craft = craft });

        Assert.Equal(("OptionNeedsRaw", "Use -Transport Raw."), (exception.ErrorId, exception.Hint));
    }

    [KernelFact]
    public void Udp_sends_wrong_headers_of_the_protocol_too()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1);

        SendTest.Send(network, SendTest.ToRight(transport: Transport.Udp) with { Craft = new PacketCraft { Magic = 1, Version = 2, Length = 3, TrailingBytes = 2 } }, 1);

        Assert.Equal([0, 1, 2, 1, 0, 3, .. SendTest.Data(1), 0, 0], Assert.Single(capture.Read()).Payload);
    }

    [KernelTheory]
    [InlineData(false, new int[0])]
    [InlineData(true, new[] { 5, 6 })]
    public void Ready_frames_leave_as_they_are(bool ipv6, int[] tags)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        var frame = FrameEncoder.Encode(
            SendTest.Message(30),
            new FrameOptions { DestinationAddress = IPAddress.Parse(ipv6 ? "2001:db8:5::1" : "203.0.113.9"), VlanId = tags, SourcePort = 3, DestinationPort = 4 })[0];
        var cut = frame[..60];
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 4);

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendOptions.ForFrame(frame, "veth0"));
            Assert.Equal(3, sender.SendFrame(frame, new SendPlan { Count = 3 }));
            sender.SendFrame(cut);
            Assert.Equal("FrameTooShort", Assert.Throws<CustomProtoException>(() => sender.SendFrame(new byte[13])).ErrorId);
            Assert.Contains("1514", Assert.Throws<CustomProtoException>(() => sender.SendFrame(new byte[1515])).Message, StringComparison.Ordinal);
            return sender.Complete();
        });

        Assert.Equal([frame, frame, frame, cut], capture.ReadFrames());
        Assert.Equal((4, 4, 3, 4), (result.Packets, result.Confirmed, result.SourcePort, result.DestinationPort));
    }

    /// <summary>What the receiver's counters have to be, from the seed alone.</summary>
    static string Foretell(SendOptions options, CustomMessage message, int count, bool verifyChecksum, out int frames)
    {
        var decoder = new PacketDecoder(ProtocolDefinition.Default, verifyChecksum: verifyChecksum);
        var results = Frames(options, message, count).Select(frame => decoder.DecodeFrame(frame)).ToArray();
        frames = results.Length;
        var reasons = new[] { RejectReason.Fragment, RejectReason.Truncated, RejectReason.BadChecksum, RejectReason.BadMagic, RejectReason.BadVersion, RejectReason.BadLength }
            .Select(reason => results.Count(one => one.Seen && one.Reason == reason));
        return $"{results.Count(one => one.Seen)} {results.Count(one => one.Message is not null)} {string.Join(' ', reasons)} {results.Count(one => one.IsLaterFragment)}";
    }

    /// <summary>The frames of a seed, made without a sender.</summary>
    static IEnumerable<byte[]> Frames(SendOptions options, CustomMessage message, int count)
    {
        var ipv6 = options.Destination.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        var frame = FrameEncoder.Encode(message, new FrameOptions
        {
            SourceMac = MacAddress.Parse(TestNetwork.Mac(TestNetwork.Left)),
            DestinationMac = MacAddress.Parse(TestNetwork.Mac(TestNetwork.Right)),
            SourceAddress = IPAddress.Parse(ipv6 ? TestNetwork.IPv6(TestNetwork.Left) : TestNetwork.IPv4(TestNetwork.Left)),
            DestinationAddress = options.Destination,
            SourcePort = options.SourcePort,
        })[0];
        var mutator = new PacketMutator(ProtocolDefinition.Default, options.Craft.FuzzSeed!.Value);
        return Enumerable.Range(0, count).SelectMany(_ => mutator.Next(frame, 1514).Frames);
    }
}

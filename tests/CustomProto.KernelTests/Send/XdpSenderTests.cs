using System.Globalization;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Frames of the in-kernel sender, as tcpdump and tshark see them at the far end, and as Scapy would have built them.</summary>
[Collection(KernelSuite.Name)]
public sealed class XdpSenderTests
{
    const int StampLength = 16;

    /// <summary>A page without what the kernel keeps beside a frame.</summary>
    static readonly int s_longestFrame = Math.Min(Environment.SystemPageSize, 4096) - 688;

    public static TheoryData<bool, int[], int> Frames()
    {
        var data = new TheoryData<bool, int[], int>();
        foreach (var ipv6 in (bool[])[false, true])
        {
            foreach (var tags in (int[][])[[], [100], [100, 200]])
            {
                foreach (var mtu in (int[])[1500, 9000])
                {
                    data.Add(ipv6, tags, mtu);
                }
            }
        }

        return data;
    }

    [KernelTheory(KernelNeed.Bpf)]
    [MemberData(nameof(Frames))]
    public void Frames_of_every_length_arrive_as_they_should(bool ipv6, int[] tags, int mtu)
    {
        using var network = CreateNetwork(mtu);
        var options = ToRight(ipv6) with { VlanId = tags, SourcePort = 40000 };
        var most = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(options);
            return sender.MaxDataLength;
        });
        int[] lengths = [0, 1, 2, 7, 31, 64, 511, 1280, most - 1, most];
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", lengths.Length);

        var result = SendTest.Send(network, options, lengths);

        var overhead = 14 + (4 * tags.Length) + (ipv6 ? 40 : 20) + 8 + 6 + StampLength;
        Assert.Equal(Math.Min(s_longestFrame, mtu + 14 + (4 * Math.Min(1, tags.Length))) - overhead, most);
        var packets = capture.Read();
        for (var i = 0; i < lengths.Length; i++)
        {
            var packet = packets[i];
            Assert.Equal("1", packet["udp.checksum.status"]);
            Assert.Equal(ipv6 ? "" : "1", packet["ip.checksum.status"]);
            Assert.Equal((lengths[i] + overhead).ToString(CultureInfo.InvariantCulture), packet["frame.len"]);
            Assert.Equal(tags.Length == 2 ? $"{tags[0]}" : "", packet["ieee8021ad.id"]);
            Assert.Equal(tags.Length > 0 ? $"{tags[^1]}" : "", packet["vlan.id"]);
            Assert.Equal(TestNetwork.Mac(TestNetwork.Left), packet["eth.src"]);
            Assert.Equal("40000", packet["udp.srcport"]);

            var message = Decode(packet);
            Assert.Equal(lengths[i] + StampLength, message.Length);
            Assert.Equal(SendTest.Data(lengths[i]), message.Data[..lengths[i]]);
            var stamp = Stamps.Read(message.Data);
            Assert.Equal((ulong)i, stamp.Sequence);
            Assert.InRange(stamp.MonotonicNs, (ulong)result.MonotonicNanoseconds, (ulong)(result.MonotonicNanoseconds + result.Elapsed.TotalNanoseconds + 1000));
        }

        Assert.Equal($"{lengths.Length}\n", ExactnessTests.Python(ExactnessTests.Rebuild, capture.File));
        Assert.Equal((Transport.Xdp, lengths.Length, lengths.Length, 0), (result.Transport, result.Packets, result.Confirmed!.Value, result.Errors));
        Assert.Equal(lengths.Sum(length => length + overhead), result.Bytes);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(33)]
    public void Without_a_stamp_the_data_stay_as_they_are(int length)
    {
        using var network = CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1);

        SendTest.Send(network, ToRight() with { Stamp = false }, length);

        SendTest.AssertCarries(Assert.Single(capture.Read()), length);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false, 10, 1)]
    [InlineData(true, 11, 1)]
    [InlineData(false, 11, 2)]
    public void Ports_and_types_take_turns(bool ipv6, int length, int threads)
    {
        const int Count = 1500;
        using var network = CreateNetwork();
        if (threads > 1)
        {
            // Two CPUs that fill one queue fill it up.
            network.Execute(TestNetwork.Left, "ethtool", "-L veth0 rx 2 tx 2");
            network.Execute(TestNetwork.Right, "ethtool", "-L veth1 rx 2 tx 2");
        }

        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", Count, "udp");
        var options = ToRight(ipv6) with
        {
            SourcePort = 40000,
            SourcePortCount = 5,
            TypeCycle = [MessageType.Request, MessageType.Response, (MessageType)200],
            Threads = Math.Min(threads, Environment.ProcessorCount),
        };

        var result = Run(network, options, length, new SendPlan { Count = Count, Pace = new SendPace(50_000) });

        Assert.Equal((Count, Count), (result.Packets, result.Confirmed!.Value));
        var packets = capture.Read();
        Assert.All(packets, packet => Assert.Equal("1", packet["udp.checksum.status"]));
        foreach (var packet in packets)
        {
            var message = Decode(packet);
            var sequence = (int)Stamps.Read(message.Data).Sequence;
            Assert.Equal((40000 + (sequence % 5)).ToString(CultureInfo.InvariantCulture), packet["udp.srcport"]);
            Assert.Equal(options.TypeCycle[sequence % 3], message.Type);
        }

        Assert.Equal(Enumerable.Range(0, Count), packets.Select(packet => (int)Stamps.Read(Decode(packet).Data).Sequence).Order());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(20_000)]
    public void Every_packet_is_counted_by_everybody(int count)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var receiver = network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "veth1", MatchAction = MatchAction.Drop }));

        // At a rate at which no queue on the way is ever full, whatever else the machine does.
        var result = Run(network, ToRight(), 50, new SendPlan { Count = count, Pace = count > 1000 ? new SendPace(100_000) : null });

        var statistics = receiver.ReadStatistics();
        Assert.Equal((count, count), (result.Packets, result.Confirmed!.Value));
        Assert.Equal(((ulong)count, (ulong)count), ((ulong)statistics.Seen, (ulong)statistics.Valid));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Sequence_numbers_go_on_from_run_to_run()
    {
        using var network = CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 7);

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(ToRight());
            sender.Send(SendTest.Message(5));
            sender.Send(SendTest.Message(5), new SendPlan { Count = 3 });
            sender.Send(SendTest.Message(8));
            sender.Send(SendTest.Message(8), new SendPlan { Count = 2, Pace = new SendPace(30_000) });
        });

        Assert.Equal([0, 1, 2, 3, 4, 5, 6], capture.Read().Select(packet => (int)Stamps.Read(Decode(packet).Data).Sequence));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(200, 40)]
    [InlineData(5000, 1000)]
    [InlineData(40_000, 8000)]
    public void A_rate_is_kept(double rate, int count)
    {
        using var network = CreateNetwork();

        var result = Run(network, ToRight(), 20, new SendPlan { Count = count, Pace = new SendPace(rate) });

        Assert.Equal((count, count), (result.Packets, result.Confirmed!.Value));
        Assert.InRange(result.Elapsed.TotalSeconds, ((count - 1) / rate) - 0.05, ((count - 1) / rate) + 0.5);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_rate_and_a_duration_say_how_many()
    {
        using var network = CreateNetwork();

        var result = Run(network, ToRight(), 20, new SendPlan { Duration = TimeSpan.FromMilliseconds(500), Pace = new SendPace(30_000) });

        Assert.InRange(result.Packets, 14_000, 15_000);
        Assert.Equal(result.Packets, result.Confirmed);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_duration_ends_a_run_that_is_as_fast_as_can_be()
    {
        using var network = CreateNetwork();

        var result = Run(network, ToRight(), 20, new SendPlan { Duration = TimeSpan.FromMilliseconds(300) });

        Assert.InRange(result.Elapsed.TotalSeconds, 0.25, 1.5);
        Assert.InRange(result.Packets, 10_000, 100_000_000);
        Assert.InRange(result.Confirmed!.Value, result.Packets / 2, result.Packets);
    }

    internal static TestNetwork CreateNetwork(int mtu = 1500)
    {
        var network = SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);

        // Without a program of its own, a veth takes what XDP sends only with GRO.
        network.Execute(TestNetwork.Right, "ethtool", "-K veth1 gro on");
        return network;
    }

    internal static SendOptions ToRight(bool ipv6 = false) => SendTest.ToRight(ipv6, Transport.Xdp);

    internal static SendResult Run(TestNetwork network, SendOptions options, int length, SendPlan plan) => network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(options);
        sender.Send(SendTest.Message(length), plan);
        return sender.Complete();
    });

    internal static CustomMessage Decode(CapturedPacket packet) =>
        CustomMessage.Create(ProtocolDefinition.Default, (MessageType)packet.Payload[3], packet.Payload.AsSpan(6));
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Raw frames, as tcpdump and tshark see them at the far end.</summary>
[Collection(KernelSuite.Name)]
public sealed class RawSenderTests
{
    const int Mtu = 1500;

    /// <summary>Ethernet, IP and UDP headers and the protocol's own.</summary>
    static int Overhead(bool ipv6) => 14 + (ipv6 ? 40 : 20) + 8 + 6;

    [KernelTheory]
    [InlineData(false, Mtu, new int[0])]
    [InlineData(false, Mtu, new[] { 100 })]
    [InlineData(false, Mtu, new[] { 100, 200 })]
    [InlineData(false, 9000, new int[0])]
    [InlineData(false, 9000, new[] { 4094, 0 })]
    [InlineData(true, Mtu, new int[0])]
    [InlineData(true, Mtu, new[] { 100 })]
    [InlineData(true, Mtu, new[] { 100, 200 })]
    [InlineData(true, 9000, new int[0])]
    [InlineData(true, 9000, new[] { 4094, 0 })]
    public void Frames_of_every_length_arrive_as_they_should(bool ipv6, int mtu, int[] tags)
    {
        using var network = SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);
        var options = SendTest.ToRight(ipv6, Transport.Raw) with { VlanId = tags, SourcePort = 40000 };
        var most = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(options);
            return sender.MaxDataLength;
        });
        int[] lengths = [0, 1, 2, 7, 31, 64, 511, 1280, most - 1, most];
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", lengths.Length);

        var result = SendTest.Send(network, options, lengths);

        // Two tags have to fit into the MTU: the kernel doesn't let such a frame be longer.
        Assert.Equal(mtu - (tags.Length == 2 ? 8 : 0) - (Overhead(ipv6) - 14), most);
        var packets = capture.Read();
        for (var i = 0; i < lengths.Length; i++)
        {
            AssertFrame(packets[i], ipv6, tags, lengths[i]);
        }

        Assert.Equal(lengths.Length, result.Packets);
        Assert.Equal(lengths.Length, result.Confirmed);
        Assert.Equal(lengths.Sum(length => length + Overhead(ipv6) + (4 * tags.Length)), result.Bytes);
        Assert.Equal(0, result.Errors);
    }

    static void AssertFrame(CapturedPacket packet, bool ipv6, int[] tags, int length)
    {
        var version = ipv6 ? "ipv6" : "ip";
        SendTest.AssertCarries(packet, length);
        Assert.Equal((length + Overhead(ipv6) + (4 * tags.Length)).ToString(CultureInfo.InvariantCulture), packet["frame.len"]);
        Assert.Equal(TestNetwork.Mac(TestNetwork.Left), packet["eth.src"]);
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), packet["eth.dst"]);
        Assert.Equal(tags.Length == 2 ? $"{tags[0]}" : "", packet["ieee8021ad.id"]);
        Assert.Equal(tags.Length > 0 ? $"{tags[^1]}" : "", packet["vlan.id"]);
        Assert.Equal(ipv6 ? TestNetwork.IPv6(TestNetwork.Left) : TestNetwork.IPv4(TestNetwork.Left), packet[$"{version}.src"]);
        Assert.Equal(ipv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right), packet[$"{version}.dst"]);
        Assert.Equal("64", packet[ipv6 ? "ipv6.hlim" : "ip.ttl"]);
        Assert.Equal("40000", packet["udp.srcport"]);
        Assert.Equal("12345", packet["udp.dstport"]);
    }

    [KernelTheory]
    [InlineData(false, "198.51.100.9")]
    [InlineData(true, "2001:db8:ffff::9")]
    public void Everything_in_the_frame_can_be_set(bool ipv6, string source)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1);

        SendTest.Send(
            network,
            SendTest.ToRight(ipv6) with
            {
                SourceAddress = IPAddress.Parse(source),
                SourceMac = MacAddress.Parse("02:aa:bb:cc:dd:ee"),
                DestinationMac = MacAddress.Parse("02:11:22:33:44:55"),
                DestinationPort = 7,
                SourcePort = 9,
                Ttl = 3,
                Dscp = 46,
            },
            10);

        var packet = Assert.Single(capture.Read());
        SendTest.AssertCarries(packet, 10);
        Assert.Equal("02:aa:bb:cc:dd:ee", packet["eth.src"]);
        Assert.Equal("02:11:22:33:44:55", packet["eth.dst"]);
        Assert.Equal(source, packet[ipv6 ? "ipv6.src" : "ip.src"]);
        Assert.Equal("3", packet[ipv6 ? "ipv6.hlim" : "ip.ttl"]);
        Assert.Equal("46", packet[ipv6 ? "ipv6.tclass.dscp" : "ip.dsfield.dscp"]);
        Assert.Equal("9", packet["udp.srcport"]);
        Assert.Equal("7", packet["udp.dstport"]);
    }

    [KernelTheory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void The_same_payload_goes_out_so_many_times(int count)
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", count);

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            Assert.Equal(count, sender.Send(SendTest.Data(21), count));
            return sender.Complete();
        });

        var packets = capture.Read();
        Assert.Equal(count, packets.Count);
        Assert.Equal(count, packets.Select(packet => packet["ip.id"]).Distinct().Count());
        Assert.All(packets, packet => Assert.Equal(SendTest.Data(21), packet.Payload));
        Assert.All(packets, packet => Assert.Equal(("1", "1"), (packet["ip.checksum.status"], packet["udp.checksum.status"])));
        Assert.All(packets, packet => Assert.Equal("1", packet["ip.flags.df"]));
        Assert.Equal((count, count), (result.Packets, result.Confirmed!.Value));
        Assert.Equal(count * (14L + 20 + 8 + 21), result.Bytes);
        Assert.Equal(Transport.Raw, result.Transport);
        Assert.True(result.Elapsed > TimeSpan.Zero && result.AchievedRate > 0 && result.MonotonicNanoseconds > 0);
    }

    [KernelTheory]
    [InlineData("239.129.2.3", "01:00:5e:01:02:03", "1")]
    [InlineData("224.0.0.251", "01:00:5e:00:00:fb", "1")]
    [InlineData("ff02::1:2", "33:33:00:01:00:02", "1")]
    [InlineData("ff05::abcd:ef01", "33:33:ab:cd:ef:01", "1")]
    [InlineData("192.0.2.255", "ff:ff:ff:ff:ff:ff", "64")]
    [InlineData("255.255.255.255", "ff:ff:ff:ff:ff:ff", "64")]
    public void Groups_have_their_own_MAC_addresses(string group, string mac, string ttl)
    {
        using var network = SendTest.CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", 1);

        var result = SendTest.Send(network, new SendOptions { Destination = IPAddress.Parse(group), Interface = "veth0" }, 5);

        var packet = Assert.Single(capture.Read());
        SendTest.AssertCarries(packet, 5);
        Assert.Equal(mac, packet["eth.dst"]);
        Assert.Equal(ttl, packet["ip.ttl"] + packet["ipv6.hlim"]);
        Assert.Equal(group, packet["ip.dst"] + packet["ipv6.dst"]);
        Assert.Equal(Transport.Raw, result.Transport);
    }

    [KernelFact]
    public void Nothing_is_allocated_per_packet()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight());
            var payload = SendTest.Data(100);
            sender.Send(payload, 100);

            Assert.Equal(0, Allocation.LeastOf(() => sender.Send(payload, 10_000)));
        });
    }

    [KernelFact]
    public void A_free_source_port_is_held_so_that_answers_are_not_turned_away()
    {
        using var network = SendTest.CreateNetwork();
        using var sender = network.Run(TestNetwork.Left, () => Sender.Open(SendTest.ToRight()));
        var left = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Left));
        using var answer = network.Run(TestNetwork.Right, () => new UdpClient(0));
        using var stray = network.Run(TestNetwork.Right, () => new UdpClient(0));

        answer.Connect(left, sender.SourcePort);
        answer.Send([1]);

        // The second one is turned away; once that is known, the first would have been, too.
        stray.Connect(left, sender.SourcePort == 1 ? 2 : 1);
        stray.Send([1]);
        Assert.Throws<SocketException>(() =>
        {
            IPEndPoint? from = null;
            return stray.Receive(ref from);
        });
        Assert.Equal(0, answer.Available);
        Assert.Equal(0, answer.Client.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error));
    }

    [KernelFact]
    public void Frames_over_loopback_have_no_MAC_addresses()
    {
        using var network = SendTest.CreateNetwork();
        using var capture = new PacketCapture(network, TestNetwork.Left, "lo", 1);
        var own = SendTest.ToRight(transport: Transport.Raw) with { Destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Left)) };

        network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(own);
            sender.Send(SendTest.Message(3));
            Assert.Equal(2, sender.Notices.Count);
            Assert.Equal("lo", sender.Interface);
        });

        var packet = Assert.Single(capture.Read());
        SendTest.AssertCarries(packet, 3);
        Assert.Equal("00:00:00:00:00:00", packet["eth.src"]);
        Assert.Equal("00:00:00:00:00:00", packet["eth.dst"]);
    }
}

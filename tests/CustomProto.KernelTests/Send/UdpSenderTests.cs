using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>Datagrams over a UDP socket.</summary>
[Collection(KernelSuite.Name)]
public sealed class UdpSenderTests
{
    [KernelTheory]
    [InlineData(false, 1500)]
    [InlineData(true, 1500)]
    [InlineData(false, 9000)]
    [InlineData(true, 9000)]
    public void Datagrams_of_every_length_arrive_as_they_should(bool ipv6, int mtu)
    {
        using var network = SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);

        // Otherwise the sum is left to the device, which here is none.
        network.Execute(TestNetwork.Left, "ethtool", "-K veth0 tx off");
        var most = mtu - (ipv6 ? 40 : 20) - 8 - 6;
        int[] lengths = [0, 1, 2, 7, 31, 64, 511, 1280, most - 1, most];
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", lengths.Length);

        var result = SendTest.Send(network, SendTest.ToRight(ipv6, Transport.Udp) with { SourcePort = 40000, Ttl = 9, Dscp = 46 }, lengths);

        var packets = capture.Read();
        for (var i = 0; i < lengths.Length; i++)
        {
            SendTest.AssertCarries(packets[i], lengths[i]);
            Assert.Equal(TestNetwork.Mac(TestNetwork.Right), packets[i]["eth.dst"]);
            Assert.Equal("9", packets[i][ipv6 ? "ipv6.hlim" : "ip.ttl"]);
            Assert.Equal("46", packets[i][ipv6 ? "ipv6.tclass.dscp" : "ip.dsfield.dscp"]);
            Assert.Equal("40000", packets[i]["udp.srcport"]);
        }

        Assert.Equal(Transport.Udp, result.Transport);
        Assert.Equal(lengths.Length, result.Packets);
        Assert.Equal(lengths.Length, result.Confirmed);
        Assert.Equal(lengths.Sum(length => length + 14 + (ipv6 ? 40 : 20) + 8 + 6), result.Bytes);
        Assert.Equal(ipv6 ? TestNetwork.IPv6(TestNetwork.Left) : TestNetwork.IPv4(TestNetwork.Left), result.SourceAddress.ToString());
    }

    [KernelFact]
    public void Everything_arrives_although_the_receiver_answers_port_unreachable()
    {
        const int Count = 1000;
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", Count);

        var result = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(transport: Transport.Udp));
            sender.Send(SendTest.Data(21), Count);
            return sender.Complete();
        });

        Assert.Equal(Count, capture.Read().Count);
        Assert.Equal(Count, result.Packets);
        Assert.Equal(Count, result.Confirmed);
        Assert.True(result.ErrorsByName["ECONNREFUSED"] > 0);
    }

    [KernelTheory]
    [InlineData("192.0.2.1")]
    [InlineData("127.0.0.1")]
    [InlineData("2001:db8::1")]
    [InlineData("::1")]
    public void Over_loopback_every_refusal_is_counted_and_nothing_is_sent_twice(string own)
    {
        const int Count = 500;
        using var network = SendTest.CreateNetwork();

        var (result, received) = network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight() with { Destination = IPAddress.Parse(own) });
            Assert.Equal(Transport.Udp, sender.Transport);
            Assert.Equal("lo", sender.Interface);
            Assert.Contains(sender.Notices, notice => notice.Contains("'lo'", StringComparison.Ordinal));
            sender.Send(SendTest.Data(21), Count);
            return (sender.Complete(), ReadNoPorts(own.Contains(':', StringComparison.Ordinal)));
        });

        Assert.Equal(Count, result.Packets);
        Assert.Equal(Count, received);
        Assert.True(result.Errors is > 0 and <= Count, $"{result.Errors} errors");
    }

    [KernelFact]
    public void A_socket_of_the_receiver_gets_the_messages()
    {
        using var network = SendTest.CreateNetwork();
        using var receiver = network.Run(TestNetwork.Right, () => new UdpClient(SendTest.Port));

        var result = SendTest.Send(network, SendTest.ToRight(transport: Transport.Udp), 12);

        IPEndPoint? from = null;
        Assert.Equal(18, receiver.Receive(ref from).Length);
        Assert.Equal(new IPEndPoint(result.SourceAddress, result.SourcePort), from);
        Assert.Equal(0, result.Errors);
    }

    [KernelFact]
    public void A_taken_source_port_is_an_error()
    {
        using var network = SendTest.CreateNetwork();
        using var other = network.Run(TestNetwork.Left, () => new UdpClient(4000));

        var exception = SendTest.Fails<NativeException>(network, SendTest.ToRight(transport: Transport.Udp) with { SourcePort = 4000 });

        Assert.Equal((FailureKind.Busy, "EADDRINUSE"), (exception.Kind, exception.ErrnoName));
    }

    [KernelFact]
    public void A_tunnel_without_Ethernet_header_carries_datagrams_and_refuses_frames()
    {
        using var network = SendTest.CreateNetwork(hosts: 1);
        using var tunnel = network.Run(TestNetwork.Left, StartTunnel);
        Assert.Equal("ready", tunnel.StandardOutput.ReadLine());
        network.Ip(TestNetwork.Left, "address add 198.51.100.1/24 dev tun0");
        network.Ip(TestNetwork.Left, "link set dev tun0 up");
        var options = new SendOptions { Destination = IPAddress.Parse("198.51.100.2") };

        var result = SendTest.Send(network, options, 5);
        var packet = Convert.FromHexString(tunnel.StandardOutput.ReadLine()!);
        var refused = SendTest.Fails<CustomProtoException>(network, options with { Transport = Transport.Raw });

        Assert.Equal(20 + 8 + 6 + 5, packet.Length);
        Assert.Equal(packet.Length, result.Bytes);
        Assert.Equal((Transport.Udp, "tun0"), (result.Transport, result.Interface));
        Assert.Equal("NoEthernetHeader", refused.ErrorId);
        Assert.Equal("Use -Transport Udp.", refused.Hint);
        tunnel.StandardInput.Close();
        tunnel.WaitForExit();
    }

    /// <summary>A program that makes tun0, prints the first IPv4 packet that is sent to it, and keeps it until its input ends.</summary>
    static Process StartTunnel()
    {
        const string Program = """
            import fcntl, struct, sys
            tunnel = open('/dev/net/tun', 'r+b', buffering=0)
            fcntl.ioctl(tunnel, 0x400454ca, struct.pack('16sH22x', b'tun0', 0x1001))
            print('ready', flush=True)
            packet = b''
            while packet[:1] != b'E':
                packet = tunnel.read(65535)
            print(packet.hex(), flush=True)
            sys.stdin.read()
            """;
        var start = new ProcessStartInfo("python3") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Program);
        return Process.Start(start)!;
    }

    /// <summary>How many datagrams came for ports that no socket is bound to, in the calling thread's namespace.</summary>
    static int ReadNoPorts(bool ipv6)
    {
        if (ipv6)
        {
            const string Name = "Udp6NoPorts";
            var line = File.ReadLines("/proc/thread-self/net/snmp6").Single(each => each.StartsWith(Name, StringComparison.Ordinal));
            return int.Parse(line.Split(' ', '\t')[^1], CultureInfo.InvariantCulture);
        }

        var lines = File.ReadLines("/proc/thread-self/net/snmp").Where(line => line.StartsWith("Udp:", StringComparison.Ordinal)).ToArray();
        return int.Parse(lines[1].Split(' ')[Array.IndexOf(lines[0].Split(' '), "NoPorts")], CultureInfo.InvariantCulture);
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using CustomProto.KernelTests.Send;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Send;
using static CustomProto.KernelTests.Receive.ResponderTest;

namespace CustomProto.KernelTests.Receive;

/// <summary>
/// The responder in generic mode on the right host, asked by the far host with the left one as the router between: the kernel remembers of
/// a request from the same machine that its checksum was unfinished, and a device of the router finishes that of the response.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class ResponderRouterTests : IDisposable
{
    const int Far = 2;
    const int IPPROTO_IP = 0;
    const int IP_OPTIONS = 4;

    readonly TestNetwork _network = SendTest.CreateNetwork(hosts: 3, permanentNeighbours: true);

    public ResponderRouterTests()
    {
        _network.Connect(TestNetwork.Left, "far0", Far, "far1");
        foreach (var (host, name, number) in new[] { (TestNetwork.Left, "far0", 1), (Far, "far1", 2) })
        {
            _network.Ip(host, $"address add 198.51.100.{number}/24 dev {name}");
            _network.Ip(host, $"address add 2001:db8:1::{number}/64 dev {name}");
            _network.Ip(host, $"address add fe80::1:{number}/64 dev {name}");
            _network.WaitUntilSettled(host);
        }

        _network.SetVariable(TestNetwork.Left, "ipv4/ip_forward", 1);
        _network.SetVariable(TestNetwork.Left, "ipv6/conf/all/forwarding", 1);
        _network.Ip(Far, "route add 192.0.2.0/24 via 198.51.100.1");
        _network.Ip(Far, "route add 2001:db8::/64 via 2001:db8:1::1");
    }

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false, "on", "off")]
    [InlineData(true, "on", "off")]
    [InlineData(false, "off", "off")]
    [InlineData(true, "off", "off")]
    [InlineData(false, "off", "on")]
    [InlineData(true, "off", "on")]
    public void Responses_arrive_with_right_checksums_whoever_finishes_them(bool ipv6, string senderOffload, string routerOffload)
    {
        _network.Execute(Far, "ethtool", $"-K far1 tx {senderOffload}");
        _network.Execute(TestNetwork.Left, "ethtool", $"-K far0 tx {routerOffload}");
        using var receiver = Register(_network, Unlimited, AttachMode.Generic);
        using var socket = Connect(ipv6);
        int[] lengths = [0, 1, 2, 17, 18, 333, 1000, ipv6 ? 1446 : 1466];
        ReadOnlyMemory<byte>?[] responses = [null, "pong"u8.ToArray(), "a response, odd"u8.ToArray()];
        using var capture = new PacketCapture(_network, Far, "far1", lengths.Length * responses.Length, $"udp src port {Port}");
        foreach (var response in responses)
        {
            _network.Run(TestNetwork.Right, () => receiver.SetResponder(Unlimited with { Data = response, MayBeLonger = true }));
            foreach (var length in lengths)
            {
                var data = SendTest.Data(length);
                socket.Send(Request(data));
                Assert.Equal(Response(response is { } given ? given.Span : data), ResponderTest.Receive(socket));
            }
        }

        AssertRight(capture, ipv6);
        var counted = receiver.ReadStatistics();
        Assert.Equal((lengths.Length * responses.Length, 0), (counted.Answered, counted.Unanswerable));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Options_leave_an_unfinished_checksum_where_it_is()
    {
        _network.Execute(TestNetwork.Left, "ethtool", "-K far0 tx off");
        using var receiver = Register(_network, Unlimited, AttachMode.Generic);
        using var capture = new PacketCapture(_network, Far, "far1", 2, $"udp src port {Port}");
        using var socket = Connect(ipv6: false);
        foreach (var options in (byte[][])[[1, 1, 1, 0], [.. Enumerable.Repeat((byte)1, 40)]])
        {
            socket.SetRawSocketOption(IPPROTO_IP, IP_OPTIONS, options);
            socket.Send(Request("data"u8));
            Assert.Equal(Response("data"u8), ResponderTest.Receive(socket));
        }

        AssertRight(capture, ipv6: false);
    }

    /// <summary>A finished checksum may be the number that an unfinished one would be. It is right, and so has the response's to be.</summary>
    [KernelFact(KernelNeed.Bpf)]
    public void Finished_checksum_that_looks_like_an_unfinished_one_is_finished()
    {
        using var receiver = Register(_network, Unlimited, AttachMode.Generic);
        using var capture = new PacketCapture(_network, TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), 1, $"udp src port {Port}");
        var data = new byte[8];
        var pseudo = 0;
        var request = Array.Empty<byte>();
        for (var i = 0; i < 0x10000 && (request.Length == 0 || pseudo != BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(40))); i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)i);
            request = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, data));
            pseudo = Fold(request.AsSpan(26, 8), 17 + BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(38)));
        }

        Assert.Equal(pseudo, BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(40)));
        Convert.FromHexString((TestNetwork.Mac(TestNetwork.Right) + TestNetwork.Mac(TestNetwork.Left)).Replace(":", "", StringComparison.Ordinal)).CopyTo(request, 0);
        SendFrame(_network, request);

        AssertRight(capture, ipv6: false);
    }

    static int Fold(ReadOnlySpan<byte> words, int sum)
    {
        for (var i = 0; i < words.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(words[i..]);
        }

        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return sum;
    }

    static void AssertRight(PacketCapture capture, bool ipv6) => Assert.All(capture.Read(), packet =>
    {
        Assert.Equal("1", packet["udp.checksum.status"]);
        Assert.Equal(ipv6 ? "" : "1", packet["ip.checksum.status"]);
    });

    Socket Connect(bool ipv6) => _network.Run(Far, () =>
    {
        var to = IPAddress.Parse(ipv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right));
        var socket = new Socket(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        socket.Connect(to, Port);
        return socket;
    });
}

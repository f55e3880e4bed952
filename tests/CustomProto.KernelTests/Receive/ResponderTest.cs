using System.Net;
using System.Net.Sockets;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>What the tests of the responder on a network share: the right host answers, the left one asks.</summary>
static class ResponderTest
{
    internal const int Port = 12345;

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>No limit, for tests that are about something else.</summary>
    internal static readonly ResponderOptions Unlimited = new() { Limit = 0, TotalLimit = 0 };

    internal static TestNetwork CreateNetwork(int mtu = 1500) => Send.SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);

    /// <summary>A program on the left host that passes everything on: without one, veth lets nothing in that XDP sent.</summary>
    internal static Receiver OpenLeft(TestNetwork network) =>
        Register(network, null, host: TestNetwork.Left, change: options => options with { Ports = [9], MatchAction = MatchAction.Pass });

    internal static Receiver Register(
        TestNetwork network, ResponderOptions? responder, AttachMode mode = AttachMode.Auto, int host = TestNetwork.Right, Func<ReceiverOptions, ReceiverOptions>? change = null) =>
        network.Run(host, () =>
        {
            var options = new ReceiverOptions
            {
                Interface = TestNetwork.InterfaceName(host),
                Mode = mode,
                MatchAction = MatchAction.Drop,
                Responder = responder,
            };
            return Receiver.Register(change is null ? options : change(options));
        });

    /// <summary>A socket on the left host that is connected to the responder.</summary>
    internal static Socket Connect(TestNetwork network, bool ipv6 = false, int sourcePort = 0) => network.Run(TestNetwork.Left, () =>
    {
        var family = ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        socket.Bind(new IPEndPoint(ipv6 ? IPAddress.IPv6Any : IPAddress.Any, sourcePort));
        socket.Connect(IPAddress.Parse(ipv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right)), Port);
        return socket;
    });

    internal static byte[] Request(ReadOnlySpan<byte> data, MessageType type = MessageType.Request) =>
        MessageEncoder.Encode(ProtocolDefinition.Default, type, data);

    internal static byte[] Response(ReadOnlySpan<byte> data) => Request(data, MessageType.Response);

    /// <summary>What the socket gets next.</summary>
    internal static byte[] Receive(Socket socket)
    {
        var buffer = new byte[ushort.MaxValue];
        return buffer[..socket.Receive(buffer)];
    }

    /// <summary>Has the left host send a frame as it is.</summary>
    internal static void SendFrame(TestNetwork network, byte[] frame) => network.Execute(
        TestNetwork.Left,
        "/usr/bin/python3",
        $"-c \"import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('{TestNetwork.InterfaceName(TestNetwork.Left)}', 0)); s.send(bytes.fromhex('{Convert.ToHexStringLower(frame)}'))\"");
}

using System.Net;
using System.Net.Sockets;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>What the tests of encapsulation share: programs at tc and plain sockets, of which the left host's asks.</summary>
public abstract class EncapsulationTest(int hosts = 2) : IDisposable
{
    private protected const int Port = 9000;
    private protected const int HeaderSize = 6;
    private protected const int SOL_UDP = 17;

    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private protected TestNetwork Network { get; } = new(hosts, permanentNeighbours: true);

    public void Dispose()
    {
        Network.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static string RightAddress(bool isIPv6) => isIPv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right);

    private protected static int MaxData(bool isIPv6) => 1500 - (isIPv6 ? 40 : 20) - 8 - HeaderSize;

    private protected static ReceiverOptions Options(int host, Encapsulation way, MessageType type = MessageType.Request, ProtocolDefinition? protocol = null) => new()
    {
        Interface = TestNetwork.InterfaceName(host),
        AttachPoint = way == Encapsulation.Encapsulate ? AttachPoint.TcEgress : AttachPoint.TcIngress,
        Encapsulation = way,
        EncapsulatedType = type,
        Protocol = protocol ?? ProtocolDefinition.Default,
        Ports = protocol is null || protocol == ProtocolDefinition.Default ? [Port] : null,
        RingSize = ReceiverOptions.MinRingSize,
    };

    private protected Receiver Register(int host, Encapsulation way, MessageType type = MessageType.Request, ProtocolDefinition? protocol = null) =>
        Network.Run(host, () => Receiver.Register(Options(host, way, type, protocol)));

    private protected void SwitchOffload(int host, string name, string what) => Network.Execute(host, "ethtool", $"-K {name} {what}");

    private protected Socket Bind(int host, bool isIPv6) => Network.Run(host, () =>
    {
        var socket = new Socket(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
        };
        socket.Bind(new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, Port));
        return socket;
    });

    private protected Socket Connect(string address) => Network.Run(TestNetwork.Left, () =>
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(address), Port);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        socket.Connect(endpoint);
        return socket;
    });
}

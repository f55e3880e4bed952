using System.Net;
using System.Net.Sockets;

namespace CustomProto.KernelTests.Exchange;

/// <summary>A plain UDP socket on a host, with a thread that does with each datagram what the test says.</summary>
sealed class UdpService : IDisposable
{
    readonly Socket _socket;
    readonly Thread _thread;
    int _received;

    /// <summary>Starts it; it listens when this returns.</summary>
    /// <param name="network">The network.</param>
    /// <param name="host">The host.</param>
    /// <param name="answer">Gets the socket, the datagram and its sender.</param>
    /// <param name="address">The address to listen on.</param>
    internal UdpService(TestNetwork network, int host, Action<Socket, byte[], EndPoint> answer, IPAddress? address = null)
    {
        address ??= IPAddress.Any;
        _socket = network.Run(host, () =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 12345));
            return socket;
        });
        _thread = new Thread(() => Serve(answer)) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many datagrams came.</summary>
    internal int Received => Volatile.Read(ref _received);

    /// <summary>A service that answers each request with its own data.</summary>
    internal static UdpService Echo(TestNetwork network, int host, IPAddress? address = null) =>
        new(network, host, (socket, request, from) => socket.SendTo(Response(request), from), address);

    /// <summary>The response with the data of a request.</summary>
    internal static byte[] Response(byte[] request)
    {
        byte[] response = [.. request];
        response[3] = 2;
        return response;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    void Serve(Action<Socket, byte[], EndPoint> answer)
    {
        var buffer = new byte[ushort.MaxValue];
        try
        {
            while (true)
            {
                EndPoint from = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
                var length = _socket.ReceiveFrom(buffer, ref from);
                Interlocked.Increment(ref _received);
                answer(_socket, buffer[..length], from);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Closed: the test is over.
        }
    }
}

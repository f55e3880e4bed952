using System.Net;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>What the tests of senders share.</summary>
static class SendTest
{
    /// <summary>The port of the built-in protocol.</summary>
    internal const int Port = 12345;

    /// <summary>
    /// A network whose IPv6 addresses are in use: the kernel adds an address at once, but its local route only a moment later.
    /// </summary>
    internal static TestNetwork CreateNetwork(int hosts = 2, int mtu = 1500, bool permanentNeighbours = false)
    {
        var network = new TestNetwork(hosts, mtu, permanentNeighbours);
        for (var host = 0; host < Math.Min(hosts, 2) && hosts > 1; host++)
        {
            foreach (var address in (string[])[TestNetwork.IPv6(host), TestNetwork.LinkLocal(host)])
            {
                WaitUntilLocal(network, host, IPAddress.Parse(address));
            }
        }

        return network;
    }

    static unsafe void WaitUntilLocal(TestNetwork network, int host, IPAddress address) => network.Run(host, () =>
    {
        const uint RTNLGRP_IPV6_ROUTE = 11;
        using var notifications = new NetlinkSocket(RTNLGRP_IPV6_ROUTE);
        var index = NetworkLinks.Get(TestNetwork.InterfaceName(host)).Index;
        while (Routes.Find(address, null, index).Kind != RouteKind.Local)
        {
            using var news = new BorrowedDescriptor(notifications.Descriptor);
            var descriptor = new Libc.PollDescriptor { Descriptor = news.Value, Events = Libc.POLLIN };
            Assert.NotEqual(0, Libc.Poll(&descriptor, 1, 10_000));
            notifications.Drain((_, _) => { });
        }
    });

    /// <summary>Options for host <see cref="TestNetwork.Right"/>.</summary>
    internal static SendOptions ToRight(bool ipv6 = false, Transport transport = Transport.Auto) => new()
    {
        Destination = IPAddress.Parse(ipv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right)),
        Transport = transport,
    };

    /// <summary>Some data that isn't the same everywhere.</summary>
    internal static byte[] Data(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    /// <summary>A message with that data.</summary>
    internal static CustomMessage Message(int length) =>
        CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, Data(length));

    /// <summary>Sends inside host <see cref="TestNetwork.Left"/>, and tells the result.</summary>
    internal static SendResult Send(TestNetwork network, SendOptions options, params int[] lengths) => network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(options);
        foreach (var length in lengths)
        {
            sender.Send(Message(length));
        }

        return sender.Complete();
    });

    /// <summary>Opens a sender inside host <see cref="TestNetwork.Left"/>, which has to fail.</summary>
    internal static T Fails<T>(TestNetwork network, SendOptions options)
        where T : Exception => network.Run(TestNetwork.Left, () => Assert.Throws<T>(() => Sender.Open(options).Dispose()));

    /// <summary>Checks a packet that carries a message of <see cref="Message"/>.</summary>
    internal static void AssertCarries(CapturedPacket packet, int length)
    {
        Assert.Equal("1", packet["udp.checksum.status"]);
        Assert.True(packet["ip.checksum.status"] is "1" or "", $"IPv4 checksum: {packet["ip.checksum.status"]}");
        Assert.Equal(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, Data(length)), packet.Payload);
    }
}

using System.Globalization;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using static CustomProto.KernelTests.Receive.ResponderTest;

namespace CustomProto.KernelTests.Receive;

/// <summary>The peer map, against a known number of sources that a program of ours has no part in making.</summary>
[Collection(KernelSuite.Name)]
public sealed class PeerTests : IDisposable
{
    const int Sources = 10_000;

    /// <summary>
    /// Sends requests from 10.0.0.0 + n, frames by Scapy but for the source address, the data that many bytes long. Arguments: interface, first
    /// source, number of sources, and how many messages each sends, as a Python expression of n.
    /// </summary>
    const string Script =
        """
        import errno, socket, struct, sys
        from scapy.layers.l2 import Ether
        from scapy.layers.inet import IP, UDP
        from scapy.packet import Raw
        interface, first, count, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        frame = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / IP(src='10.0.0.0', dst='192.0.2.2') / UDP(sport=4000, dport=12345)
        frame = bytes(frame / Raw(bytes.fromhex('cafe01010004') + b'peer'))
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        out.bind((interface, 0))
        each = eval('lambda n: ' + messages)

        def send(packet):
            # Where the receiver's queue is full, nothing has left.
            while True:
                try:
                    return out.send(packet)
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise

        for n in range(first, first + count):
            changed = frame[:26] + struct.pack('!I', 0x0a000000 + n) + frame[30:]
            for _ in range(each(n)):
                send(changed)
        """;

    readonly TestNetwork _network = CreateNetwork();

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf)]
    public void Kept_and_evicted_of_ten_thousand_sources_are_exactly_the_valid_messages()
    {
        using var receiver = Register(_network, null, change: options => options with { PeerCapacity = 4096 });
        SendFrom(0, Sources, "1 + n % 3");

        var peers = receiver.ReadPeers();

        var valid = receiver.ReadStatistics().Valid;
        Assert.Equal(Enumerable.Range(0, Sources).Sum(n => 1L + (n % 3)), valid);
        var evicted = peers[^1];
        Assert.Null(evicted.SourceAddress);
        Assert.All(peers.SkipLast(1), peer => Assert.Equal((1 + (Number(peer) % 3), 0), (peer.Messages, peer.Evicted)));
        Assert.Equal(valid, peers.Sum(peer => peer.Messages));
        Assert.Equal(Sources, peers.Count - 1 + evicted.Evicted);

        // The kernel deals out free places by the CPU, in groups.
        Assert.InRange(peers.Count - 1, 4096 - (128 * (Environment.ProcessorCount + 1)), 4096);
        Assert.Equal(peers.Count - 1, peers.SkipLast(1).Select(Number).Distinct().Count());
        Assert.Equal(Sources - 1, Number(peers[0]));
        Assert.True(peers.SkipLast(1).Count(peer => Number(peer) >= Sources - 2048) > 1900, "The ones that were heard last were not kept.");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void With_room_for_all_each_source_has_its_own_sums_also_from_two_CPUs_at_once()
    {
        using var receiver = Register(_network, null, change: options => options with { PeerCapacity = 1 << 14 });
        SendFrom(0, Sources, "1 + n % 3");
        Parallel.For(0, 2, cpu => SendFrom(0, 100, "200", cpu));

        var peers = receiver.ReadPeers();

        Assert.Equal(Sources, peers.Count);
        Assert.Equal(receiver.ReadStatistics().Valid, peers.Sum(peer => peer.Messages));
        foreach (var peer in peers)
        {
            var messages = 1 + (Number(peer) % 3) + (Number(peer) < 100 ? 400 : 0);
            Assert.Equal((messages, 4L * messages, 0, 0), (peer.Messages, peer.Bytes, peer.Answered, peer.Evicted));
            Assert.Equal((4000, MessageType.Request, "Request", 4, "peer"), (peer.LastPort, peer.LastType, peer.LastTypeName, peer.LastLength, peer.LastText));
            Assert.True(peer.FirstSeen <= peer.LastSeen && peer.FirstMonotonicNanoseconds <= peer.LastMonotonicNanoseconds);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Peers_are_told_apart_by_address_and_the_last_one_heard_comes_first()
    {
        using var receiver = Register(_network, Unlimited, AttachMode.Generic);
        Assert.Empty(receiver.ReadPeers());
        foreach (var ipv6 in (bool[])[false, true, false])
        {
            // From another port each time, which is the same peer.
            using var socket = Connect(_network, ipv6);
            socket.Send(Request("answered"u8));
            socket.Send(Request("not answered"u8, (MessageType)9));
            socket.Send(Request("answered"u8));
            ResponderTest.Receive(socket);
            ResponderTest.Receive(socket);
        }

        var peers = receiver.ReadPeers();

        Assert.Equal([TestNetwork.IPv4(TestNetwork.Left), TestNetwork.IPv6(TestNetwork.Left)], peers.Select(peer => peer.SourceAddress!.ToString()));
        Assert.Equal([(6, 56L, 4L), (3, 28L, 2L)], peers.Select(peer => (peer.Messages, peer.Bytes!.Value, peer.Answered!.Value)));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Last_data_is_the_beginning_and_does_nothing_to_a_terminal()
    {
        using var receiver = Register(_network, null);
        using var reader = receiver.OpenReader();
        using var socket = Connect(_network);
        foreach (var (data, type, kept) in new[] { ("a longer message than is kept", 1, "a longer message"), ("", 9, ""), ("\u001b[2J", 200, "␛[2J") })
        {
            socket.Send(Request(System.Text.Encoding.UTF8.GetBytes(data), (MessageType)type));
            Assert.NotNull(reader.Read(Patience));
            var peer = Assert.Single(receiver.ReadPeers());
            Assert.Equal((kept, data.Length, (MessageType)type), (peer.LastText, peer.LastLength, peer.LastType));
            Assert.InRange(peer.LastSeen!.Value, DateTimeOffset.Now.AddSeconds(-30), DateTimeOffset.Now.AddSeconds(1));
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void No_peers_are_kept_where_none_are_wanted_and_sources_then_have_no_limits()
    {
        using var receiver = Register(_network, null, change: options => options with { PeerCapacity = 0 });
        using var reader = receiver.OpenReader();
        using var socket = Connect(_network);
        socket.Send(Request("x"u8));
        Assert.NotNull(reader.Read(Patience));

        Assert.Empty(receiver.ReadPeers());
        var refused = Assert.Throws<CustomProtoException>(() => _network.Run(TestNetwork.Right, () => receiver.SetResponder(new ResponderOptions())));
        Assert.Equal((FailureKind.InvalidArgument, "InvalidResponseLimit"), (refused.Kind, refused.ErrorId));
        _network.Run(TestNetwork.Right, () => receiver.SetResponder(new ResponderOptions { Limit = 0 }));
        Assert.NotNull(receiver.Responder);
    }

    void SendFrom(int first, int count, string messages, int? cpu = null)
    {
        var start = string.Create(CultureInfo.InvariantCulture, $"{first} {count}");
        var (program, arguments) = cpu is { } chosen ? ("taskset", $"-c {chosen % Environment.ProcessorCount} /usr/bin/python3") : ("/usr/bin/python3", "");
        _network.Execute(TestNetwork.Left, program, $"{arguments} - {TestNetwork.InterfaceName(TestNetwork.Left)} {start} \"{messages}\"", Script);
    }

    static int Number(CustomPeer peer)
    {
        var bytes = peer.SourceAddress!.GetAddressBytes();
        return (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CustomProto.KernelTests.Send;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;
using static CustomProto.KernelTests.Receive.ResponderTest;

namespace CustomProto.KernelTests.Receive;

/// <summary>The responder on a real interface, seen from the host that asks: by its sockets, by tcpdump and by tshark.</summary>
[Collection(KernelSuite.Name)]
public sealed class ResponderTests : IDisposable
{
    readonly TestNetwork _network = CreateNetwork();
    readonly Receiver _left;

    public ResponderTests() => _left = OpenLeft(_network);

    public void Dispose()
    {
        _left.Dispose();
        _network.Dispose();
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native, false)]
    [InlineData(AttachMode.Native, true)]
    [InlineData(AttachMode.Generic, false)]
    [InlineData(AttachMode.Generic, true)]
    public void Requests_with_unfinished_checksums_are_answered(AttachMode mode, bool ipv6)
    {
        using var receiver = Register(_network, Unlimited, mode);
        using var reader = receiver.OpenReader();
        using var socket = Connect(_network, ipv6);
        int[] lengths = [0, 1, 2, 17, 18, 333, 1000, ipv6 ? 1446 : 1466];
        using var capture = new PacketCapture(_network, TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), lengths.Length, "udp");
        foreach (var length in lengths)
        {
            var data = SendTest.Data(length);
            socket.Send(Request(data));
            Assert.Equal(Response(data), ResponderTest.Receive(socket));
            Assert.Equal((MessageType.Request, length), (reader.Read(Patience)!.Type, length));
        }

        var counted = receiver.ReadStatistics();
        Assert.Equal((lengths.Length, lengths.Length, lengths.Length), (counted.Valid, counted.Delivered, counted.Answered));
        Assert.Equal((0, 0), (counted.Limited, counted.Unanswerable));
        foreach (var packet in capture.Read())
        {
            // In generic mode it stays as it was, between two ends of a veth pair: nobody has finished it yet.
            Assert.Equal(mode == AttachMode.Generic ? "0" : "1", packet["udp.checksum.status"]);
            Assert.Equal(ipv6 ? "" : "1", packet["ip.checksum.status"]);
            Assert.Equal("64", packet[ipv6 ? "ipv6.hlim" : "ip.ttl"]);
            Assert.Equal((TestNetwork.Mac(TestNetwork.Right), TestNetwork.Mac(TestNetwork.Left)), (packet["eth.src"], packet["eth.dst"]));
            Assert.Equal("12345", packet["udp.srcport"]);
        }
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public void Tagged_requests_are_answered_with_their_tags(AttachMode mode)
    {
        using var receiver = Register(_network, Unlimited, mode);
        int[][] tags = [[], [100], [100, 7]];
        using var capture = new PacketCapture(_network, TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), 2 * tags.Length);
        foreach (var ipv6 in (bool[])[false, true])
        {
            foreach (var vlan in tags)
            {
                SendTest.Send(_network, SendTest.ToRight(ipv6, Transport.Raw) with { VlanId = vlan, Ttl = 3 }, 33);
            }
        }

        var packets = capture.Read();
        Assert.Equal(["", "100", "100,7", "", "100", "100,7"], packets.Select(Tags));
        Assert.All(packets, packet => Assert.Equal(("1", "64"), (packet["udp.checksum.status"], packet["ip.ttl"] + packet["ipv6.hlim"])));
        Assert.All(packets, packet => Assert.Equal(Response(SendTest.Data(33)), packet.Payload));
        Assert.Equal(6, receiver.ReadStatistics().Answered);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public void Jumbo_requests_are_answered_whole(AttachMode mode)
    {
        using var network = CreateNetwork(mtu: 9000);
        using var left = OpenLeft(network);
        using var receiver = Register(network, Unlimited, mode);
        foreach (var ipv6 in (bool[])[false, true])
        {
            using var socket = Connect(network, ipv6);
            foreach (var length in (int[])[3400, 3600, 8999 - 48 - 6])
            {
                var data = SendTest.Data(length);
                socket.Send(Request(data));
                Assert.Equal(Response(data), ResponderTest.Receive(socket));
            }
        }

        Assert.Equal((6, 0), (receiver.ReadStatistics().Answered, receiver.ReadStatistics().Unanswerable));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public void Fixed_response_is_sent_shorter_and_where_allowed_longer(AttachMode mode)
    {
        using var receiver = Register(_network, Unlimited with { Data = "pong"u8.ToArray() }, mode);
        using var socket = Connect(_network);
        socket.Send(Request("a long request"u8));
        Assert.Equal(Response("pong"u8), ResponderTest.Receive(socket));

        _network.Run(TestNetwork.Right, () => receiver.SetResponder(Unlimited with { Data = "ten letters"u8.ToArray(), MayBeLonger = true }));
        socket.Send(Request("x"u8));
        Assert.Equal(Response("ten letters"u8), ResponderTest.Receive(socket));

        // More than the buffer has room for, which is not much on veth: a message like any other, as is one where it isn't allowed. The one
        // after them tells that no answer came.
        _network.Run(TestNetwork.Right, () => receiver.SetResponder(Unlimited with { Data = new byte[1400], MayBeLonger = true }));
        socket.Send(Request("x"u8));
        _network.Run(TestNetwork.Right, () => receiver.SetResponder(Unlimited with { Data = "pong"u8.ToArray() }));
        socket.Send(Request("x"u8));
        socket.Send(Request("four"u8));
        Assert.Equal(Response("pong"u8), ResponderTest.Receive(socket));
        Assert.Equal((3, 2), (receiver.ReadStatistics().Answered, receiver.ReadStatistics().Unanswerable));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Two_responders_that_face_each_other_stay_still()
    {
        using var right = Register(_network, Unlimited with { Types = new Dictionary<byte, byte> { [1] = 2, [5] = 6 } });
        _left.Dispose();
        using var left = Register(_network, Unlimited with { Types = new Dictionary<byte, byte> { [1] = 2, [6] = 5 } }, host: TestNetwork.Left);
        using var reader = left.OpenReader();
        using var any = Connect(_network);
        using var ours = Connect(_network, sourcePort: Port);

        // Each crosses to the right; what is answered comes back, and is seen on the left.
        any.Send(Request("1"u8));
        ours.Send(Request("2"u8));
        any.Send(Request("3"u8, (MessageType)5));
        ours.Send(Request("4"u8, (MessageType)5));
        any.Send(Request("5"u8, MessageType.Response));
        any.Send(Request("6"u8));
        Assert.Equal(["1", "2", "3", "6"], Enumerable.Range(0, 4).Select(_ => reader.Read(Patience)!.Text));

        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(200)));
        var (onTheRight, onTheLeft) = (right.ReadStatistics(), left.ReadStatistics());
        Assert.Equal((6, 4, 1), (onTheRight.Valid, onTheRight.Answered, onTheRight.Unanswerable));
        Assert.Equal((4, 0, 1), (onTheLeft.Valid, onTheLeft.Answered, onTheLeft.Unanswerable));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Responder_changes_under_traffic_without_a_gap_or_a_mixture()
    {
        using var receiver = Register(_network, Unlimited with { Data = Filled('a', 10) });
        using var socket = Connect(_network);
        using var stop = new CancellationTokenSource();
        var asking = _network.Start(TestNetwork.Left, () =>
        {
            var seen = new HashSet<string>();
            var request = Request(new byte[1000]);
            var asked = 0;
            while (!stop.IsCancellationRequested)
            {
                asked++;
                socket.Send(request);
                var response = ResponderTest.Receive(socket)[6..];
                Assert.All(response, value => Assert.Equal(response[0], value));
                seen.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(char)response[0]}{response.Length}"));
            }

            return (asked, seen);
        });
        for (var i = 0; i < 100; i++)
        {
            var (letter, length) = i % 2 == 0 ? ('b', 900) : ('a', 10);
            _network.Run(TestNetwork.Right, () => receiver.SetResponder(Unlimited with { Data = Filled(letter, length) }));
        }

        stop.Cancel();
        var (count, kinds) = asking.Result;
        Assert.Equal(["a10", "b900"], kinds.Order());
        Assert.Equal((count, count), (receiver.ReadStatistics().Valid, receiver.ReadStatistics().Answered));

        _network.Run(TestNetwork.Right, () => receiver.SetResponder(null));
        Assert.Null(receiver.Responder);
        socket.Send(Request("x"u8));
        using var reader = receiver.OpenReader();
        while (reader.Read(Patience)!.Length != 1)
        {
        }

        Assert.Equal(count, receiver.ReadStatistics().Answered);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Veth_peer_that_takes_no_frames_from_XDP_is_told_of_before_it_swallows_the_answers()
    {
        using var network = SendTest.CreateNetwork(permanentNeighbours: true);
        using (var receiver = Register(network, Unlimited, AttachMode.Native))
        {
            Assert.Contains("No XDP program runs in native mode on 'veth0', the veth peer of 'veth1'", Assert.Single(receiver.Notices), StringComparison.Ordinal);
            network.Execute(TestNetwork.Left, "ethtool", "-K veth0 gro on");
            Assert.Single(network.Run(TestNetwork.Right, () => receiver.SetResponder(new ResponderOptions())));
            using var program = Register(network, null, host: TestNetwork.Left);
            Assert.Empty(network.Run(TestNetwork.Right, () => receiver.SetResponder(new ResponderOptions())));
        }

        using var generic = Register(network, Unlimited, AttachMode.Generic);
        Assert.DoesNotContain(generic.Notices, notice => notice.Contains("peer", StringComparison.Ordinal));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Only_requests_for_this_host_are_answered()
    {
        using var receiver = Register(_network, Unlimited);
        using var reader = receiver.OpenReader();
        var frame = FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "data"u8));
        MacBytes(TestNetwork.Right).CopyTo(frame, 0);
        MacBytes(TestNetwork.Left).CopyTo(frame, 6);

        // From the network's broadcast address, from one like it, and to another MAC address than the interface's.
        Assert.Equal((0, 1), Counted(frame, 26, "c00002ff"));
        Assert.Equal((1, 0), Counted(frame, 26, "c00001ff"));
        Assert.Equal((0, 1), Counted(frame, 0, "020000000003"));

        // A host answers whatever address it is asked by; a router only by its own, as the rest is on its way to others.
        Assert.Equal((1, 0), Counted(frame, 30, "c0000263"));
        _network.SetVariable(TestNetwork.Right, "ipv4/ip_forward", 1);
        Assert.Equal((0, 1), Counted(frame, 30, "c0000263"));
        Assert.Equal((1, 0), Counted(frame, 30, "c0000202"));

        (long Answered, long Unanswerable) Counted(byte[] like, int offset, string bytes)
        {
            var before = receiver.ReadStatistics();
            var changed = (byte[])like.Clone();
            Convert.FromHexString(bytes).CopyTo(changed, offset);
            SendFrame(_network, changed);
            Assert.NotNull(reader.Read(Patience));
            var after = receiver.ReadStatistics();
            return (after.Answered - before.Answered, after.Unanswerable - before.Unanswerable);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Storm_is_answered_up_to_the_limits_and_every_request_is_counted_once()
    {
        const int Each = 50_000;
        const int Limit = 1000;
        const int TotalLimit = 1500;
        using var receiver = Register(_network, new ResponderOptions { Limit = Limit, TotalLimit = TotalLimit });
        var arrived = ArrivedLeft();
        var started = Stopwatch.GetTimestamp();
        Parallel.ForEach([false, true], ipv6 => _network.Run(TestNetwork.Left, () =>
        {
            using var sender = Sender.Open(SendTest.ToRight(ipv6, Transport.Raw));
            var request = Request("storm"u8);
            for (var i = 0; i < Each; i++)
            {
                sender.Send(request);
            }

            Assert.Equal(Each, sender.Complete().Packets);
        }));
        Assert.True(SpinWait.SpinUntil(() => receiver.ReadStatistics().Seen == 2 * Each, Patience));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        var counted = receiver.ReadStatistics();
        Assert.Equal((2 * Each, 2 * Each, 0), (counted.Valid, counted.Answered + counted.Limited, counted.Unanswerable));
        Assert.InRange(counted.Answered, Limit, TotalLimit * (seconds + 1));
        Assert.All(receiver.ReadPeers(), peer => Assert.InRange(peer.Answered!.Value, 1, Limit * (seconds + 1)));
        Assert.Equal(counted.Answered, receiver.ReadPeers().Sum(peer => peer.Answered));
        Assert.True(SpinWait.SpinUntil(() => ArrivedLeft() - arrived == (ulong)counted.Answered, Patience), $"{ArrivedLeft() - arrived} of {counted.Answered} answers arrived.");

        ulong ArrivedLeft() => _network.Run(TestNetwork.Left, () => NetworkLinks.Get(TestNetwork.InterfaceName(TestNetwork.Left)).Statistics.ReceivedPackets);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Loopback_answers_itself_once()
    {
        using var receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "lo", MatchAction = MatchAction.Pass, Responder = new ResponderOptions() }));
        _network.Run(TestNetwork.Right, () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
            socket.Connect(IPAddress.Loopback, Port);
            socket.Send(Request("self"u8));
            Assert.Equal(Response("self"u8), ResponderTest.Receive(socket));
        });
        Assert.Equal((2, 1, 0), (receiver.ReadStatistics().Valid, receiver.ReadStatistics().Answered, receiver.ReadStatistics().Unanswerable));
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Persistent_responder_goes_on_and_is_taken_up_as_it_was_set_up()
    {
        var options = new ResponderOptions { Types = new Dictionary<byte, byte> { [7] = 8 }, Data = "fixed"u8.ToArray(), MayBeLonger = true, Limit = 11, TotalLimit = 12 };
        var first = Register(_network, options, change: all => all with { Persist = true, PeerCapacity = 300 });
        var id = first.ProgramId;
        first.Dispose();
        using var socket = Connect(_network);
        socket.Send(Request("x"u8, (MessageType)7));
        Assert.Equal(Request("fixed"u8, (MessageType)8), ResponderTest.Receive(socket));

        var second = Receivers.Find(id)!;
        try
        {
            var found = second.Responder!;
            Assert.Equal((11, 12, true), (found.Limit, found.TotalLimit, found.MayBeLonger));
            Assert.Equal(options.Types, found.Types!);
            Assert.Equal("fixed"u8.ToArray(), found.Data!.Value.ToArray());
            Assert.Equal((1, 1), (second.ReadStatistics().Answered, Assert.Single(second.ReadStatistics().ResponseLatency).Count));
            Assert.Equal((1, 1), (Assert.Single(second.ReadPeers()).Messages, second.ReadPeers()[0].Answered));

            _network.Run(TestNetwork.Right, () => second.SetResponder(null));
            socket.Send(Request("y"u8, (MessageType)7));
            using var reader = second.OpenReader();
            Assert.Equal("x", reader.Read(Patience)!.Text);
            Assert.Equal("y", reader.Read(Patience)!.Text);
            Assert.Equal(1, second.ReadStatistics().Answered);
        }
        finally
        {
            _network.Run(TestNetwork.Right, second.Unregister);
        }
    }

    static string Tags(CapturedPacket packet) =>
        string.Join(',', new[] { packet["ieee8021ad.id"], packet["vlan.id"] }.Where(tag => tag.Length > 0));

    static byte[] Filled(char letter, int length) => [.. Enumerable.Repeat((byte)letter, length)];

    static byte[] MacBytes(int host)
    {
        var bytes = new byte[MacAddress.Length];
        MacAddress.Parse(TestNetwork.Mac(host)).CopyTo(bytes);
        return bytes;
    }
}

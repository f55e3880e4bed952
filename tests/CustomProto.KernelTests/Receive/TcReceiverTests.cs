using System.Net;
using System.Net.Sockets;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;
using CustomProto.KernelTests.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>The receiver at tc, in both directions, with packets that cross a veth pair.</summary>
[Collection(KernelSuite.Name)]
public sealed class TcReceiverTests : IDisposable
{
    const int SOL_UDP = 17;
    const int UDP_SEGMENT = 103;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    static readonly byte[] s_hello = [0xCA, 0xFE, 1, 1, 0, 5, .. "Hello"u8];

    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Message_is_seen_where_it_leaves_and_where_it_arrives(bool isIPv6)
    {
        using var leaving = Register(TestNetwork.Left, AttachPoint.TcEgress);
        using var arriving = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop);
        using var leavingReader = leaving.OpenReader();
        using var arrivingReader = arriving.OpenReader();
        var before = Libc.ReadClock(Libc.CLOCK_MONOTONIC);

        Send(isIPv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right), s_hello);
        var sent = leavingReader.Read(s_patience)!;
        var received = arrivingReader.Read(s_patience)!;

        Assert.Equal((AttachPoint.TcEgress, XdpMode.None, ProgramLifetime.Process), (leaving.AttachPoint, leaving.Mode, leaving.Lifetime));
        Assert.Equal((PacketDirection.Egress, PacketDirection.Ingress), (sent.Direction, received.Direction));
        Assert.Equal((TestNetwork.InterfaceName(TestNetwork.Left), TestNetwork.InterfaceName(TestNetwork.Right)), (sent.Interface, received.Interface));
        Assert.Equal(FixtureMessage.From(sent), FixtureMessage.From(received) with { VlanId = sent.VlanId });
        Assert.Equal("Hello", sent.Text);
        Assert.Equal((TestNetwork.Mac(TestNetwork.Left), TestNetwork.Mac(TestNetwork.Right)), (sent.SourceMac.ToString(), sent.DestinationMac.ToString()));
        Assert.InRange(sent.MonotonicNanoseconds, before, received.MonotonicNanoseconds - 1);
        Assert.Equal((1, 1, 1), Counts(leaving));
        Assert.Equal((1, 1, 1), Counts(arriving));
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Dropped_message_leaves_no_interface_and_reaches_no_socket()
    {
        using var listener = Listen();
        using (var dropping = Register(TestNetwork.Left, AttachPoint.TcEgress, MatchAction.Drop))
        {
            using var observer = Register(TestNetwork.Right, AttachPoint.TcIngress);
            Send(TestNetwork.IPv4(TestNetwork.Right), s_hello);
            Assert.Equal((1, 1, 1), Counts(dropping));
            Assert.Equal((0, 0, 0), Counts(observer));
        }

        using (var dropping = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop))
        {
            Send(TestNetwork.IPv4(TestNetwork.Right), s_hello);
            dropping.MatchAction = MatchAction.Pass;
            Send(TestNetwork.IPv4(TestNetwork.Right), [.. s_hello, 9]);
            Assert.Equal((2, 2, 2), Counts(dropping));
        }

        var buffer = new byte[100];
        Assert.Equal(s_hello.Length + 1, listener.Receive(buffer));
        Assert.Equal(0, listener.Available);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Programs_follow_each_other_and_the_first_to_drop_ends_it()
    {
        using var first = Register(TestNetwork.Right, AttachPoint.TcIngress);
        using var second = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop);
        using var third = Register(TestNetwork.Right, AttachPoint.TcIngress);

        Send(TestNetwork.IPv4(TestNetwork.Right), s_hello);

        Assert.Equal(((1, 1, 1), (1, 1, 1), (0, 0, 0)), (Counts(first), Counts(second), Counts(third)));
    }

    /// <summary>Sent raw, all tags are in the bytes; where they arrive, the kernel has taken the outer one out.</summary>
    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(new[] { 7 })]
    [InlineData(new[] { 7, 4094 })]
    public void Vlan_tags_are_told_wherever_the_kernel_keeps_them(int[] tags)
    {
        using var leaving = Register(TestNetwork.Left, AttachPoint.TcEgress);
        using var arriving = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop);
        using var leavingReader = leaving.OpenReader();
        using var arrivingReader = arriving.OpenReader();

        SendTest.Send(_network, SendTest.ToRight(transport: Transport.Raw) with { VlanId = tags }, 5);

        Assert.Equal(tags, arrivingReader.Read(s_patience)!.VlanId);
        Assert.Equal(tags, leavingReader.Read(s_patience)!.VlanId);
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagrams_that_were_merged_are_judged_one_by_one(bool isIPv6)
    {
        using var leaving = Register(TestNetwork.Left, AttachPoint.TcEgress);
        using var arriving = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop);
        using var reader = leaving.OpenReader();

        // Three datagrams of nine bytes, one of them no message, and a last one that is shorter: one packet of 33 bytes.
        SendMerged(
            isIPv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right),
            size: 9,
            [0xCA, 0xFE, 1, 1, 0, 3, .. "one"u8, 0xFE, 0xCA, 1, 1, 0, 3, .. "bad"u8, 0xCA, 0xFE, 1, 1, 0, 2, .. "two"u8, 0xCA, 0xFE, 1, 2, 0, 0]);

        Assert.Equal(("one", 0), Show(reader.Read(s_patience)!));
        Assert.Equal(("tw", 1), Show(reader.Read(s_patience)!));
        Assert.Equal(("", 0), Show(reader.Read(s_patience)!));
        foreach (var receiver in (Receiver[])[leaving, arriving])
        {
            var counted = receiver.ReadStatistics();
            Assert.Equal((4, 3, 1, 4, 3), (counted.Seen, counted.Valid, counted.BadMagic, counted.Aggregated, counted.Delivered));
        }
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Merged_datagrams_are_dropped_only_if_all_are_messages()
    {
        using var listener = Listen();
        using var dropping = Register(TestNetwork.Right, AttachPoint.TcIngress, MatchAction.Drop);

        SendMerged(TestNetwork.IPv4(TestNetwork.Right), size: 7, [0xCA, 0xFE, 1, 1, 0, 1, 1, 0xCA, 0xFE, 1, 1, 0, 1, 2]);
        SendMerged(TestNetwork.IPv4(TestNetwork.Right), size: 7, [0xCA, 0xFE, 1, 1, 0, 1, 3, 0, 0, 0, 0, 0, 0, 4]);

        var buffer = new byte[100];
        Assert.Equal((7, 3), (listener.Receive(buffer), buffer[6]));
        Assert.Equal((7, 4), (listener.Receive(buffer), buffer[6]));
        var counted = dropping.ReadStatistics();
        Assert.Equal((4, 3, 1, 4), (counted.Seen, counted.Valid, counted.BadMagic, counted.Aggregated));
        Assert.Equal(0, listener.Available);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Loopback_has_both_directions()
    {
        _network.Run(TestNetwork.Left, () =>
        {
            using var sent = Receiver.Register(Options("lo", AttachPoint.TcEgress, MatchAction.Pass));
            using var received = Receiver.Register(Options("lo", AttachPoint.TcIngress, MatchAction.Drop));
            using var socket = Connect("::1", 12345);
            socket.Send(s_hello);
            Assert.Equal(((1, 1, 1), (1, 1, 1)), (Counts(sent), Counts(received)));
        });
    }

    [KernelFact(KernelNeed.Tcx | KernelNeed.BpfFileSystem)]
    public void Persistent_program_outlives_its_receiver_and_is_taken_up()
    {
        var first = _network.Run(TestNetwork.Left, () => Receiver.Register(Options("lo", AttachPoint.TcEgress, MatchAction.Drop) with { Persist = true }));
        var id = first.ProgramId;
        Assert.Equal(ProgramLifetime.Persistent, first.Lifetime);
        first.Dispose();
        _network.Run(TestNetwork.Left, () =>
        {
            using var socket = Connect("127.0.0.1", 12345);
            socket.Send(s_hello);
        });

        var second = Receivers.Find(id)!;
        Assert.Equal((AttachPoint.TcEgress, ProgramLifetime.Persistent, MatchAction.Drop), (second.AttachPoint, second.Lifetime, second.MatchAction));
        Assert.Equal((1, 1, 1), Counts(second));
        using (var reader = second.OpenReader())
        {
            Assert.Equal(PacketDirection.Egress, reader.Read(s_patience)!.Direction);
        }

        second.Unregister();
        Assert.DoesNotMatch($"\"prog_id\":{id}\\b", _network.Execute(TestNetwork.Left, "bpftool", "--json link list"));
        Assert.False(Directory.Exists(ReceiverPins.Folder(id)));
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Closing_detaches_and_other_tools_see_that()
    {
        uint id;
        string Seen() => _network.Execute(TestNetwork.Left, "bpftool", "--json link list");
        using (var receiver = Register(TestNetwork.Left, AttachPoint.TcEgress))
        {
            id = receiver.ProgramId;
            Assert.Matches($"\"prog_id\":{id}\\b", Seen());
        }

        Assert.DoesNotMatch($"\"prog_id\":{id}\\b", Seen());
    }

    static (string Text, int Trailing) Show(CustomMessage message) => (message.Text, message.TrailingBytes);

    static (long Seen, long Valid, long Delivered) Counts(Receiver receiver) =>
        receiver.ReadStatistics() is var counted ? (counted.Seen, counted.Valid, counted.Delivered) : default;

    static ReceiverOptions Options(string name, AttachPoint point, MatchAction action) =>
        new() { Interface = name, AttachPoint = point, MatchAction = action, RingSize = ReceiverOptions.MinRingSize };

    Receiver Register(int host, AttachPoint point, MatchAction action = MatchAction.Pass) =>
        _network.Run(host, () => Receiver.Register(Options(TestNetwork.InterfaceName(host), point, action)));

    Socket Listen() => _network.Run(TestNetwork.Right, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
        socket.Bind(new IPEndPoint(IPAddress.Any, 12345));
        return socket;
    });

    void Send(string address, byte[] payload) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = Connect(address, 12345);
        Assert.Equal(payload.Length, socket.Send(payload));
    });

    void SendMerged(string address, int size, byte[] payload) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = Connect(address, 12345);
        socket.SetRawSocketOption(SOL_UDP, UDP_SEGMENT, BitConverter.GetBytes(size));
        Assert.Equal(payload.Length, socket.Send(payload));
    });

    static Socket Connect(string address, int port)
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(address), port);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(endpoint);
        return socket;
    }
}

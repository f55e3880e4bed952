using System.Net;
using System.Net.Sockets;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>The receiver on a real interface, with packets that cross a veth pair.</summary>
[Collection(KernelSuite.Name)]
public sealed class ReceiverTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native, XdpMode.Native)]
    [InlineData(AttachMode.Generic, XdpMode.Generic)]
    [InlineData(AttachMode.Auto, XdpMode.Native)]
    public void Message_arrives_with_everything_the_packet_says(AttachMode asked, XdpMode got)
    {
        using var receiver = Register(mode: asked);
        using var reader = receiver.OpenReader();
        Assert.Equal(got, receiver.Mode);
        var before = Libc.ReadClock(Libc.CLOCK_MONOTONIC);

        Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 10, "Hello World"u8);
        var message = reader.Read(s_patience)!;

        Assert.Equal("Hello Worl", message.Text);
        Assert.Equal((MessageType.Request, 1UL, 10, 10, 1), (message.Type, message.Version, message.Length, message.CapturedLength, message.TrailingBytes));
        Assert.Equal(TestNetwork.IPv4(TestNetwork.Left), message.SourceAddress!.ToString());
        Assert.Equal(TestNetwork.IPv4(TestNetwork.Right), message.DestinationAddress!.ToString());
        Assert.Equal(12345, message.DestinationPort);
        Assert.Equal(TestNetwork.Mac(TestNetwork.Left), message.SourceMac.ToString());
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), message.DestinationMac.ToString());
        Assert.Equal((TestNetwork.InterfaceName(TestNetwork.Right), PacketDirection.Ingress, 0L), (message.Interface, message.Direction, message.LostBefore));
        Assert.InRange(message.MonotonicNanoseconds, before, Libc.ReadClock(Libc.CLOCK_MONOTONIC));
        Assert.InRange(message.Timestamp, DateTimeOffset.Now.AddSeconds(-10), DateTimeOffset.Now.AddSeconds(1));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Counters_add_up_for_a_mixture_of_packets()
    {
        using var receiver = Register();
        using var reader = receiver.OpenReader();
        var address = TestNetwork.IPv6(TestNetwork.Right);
        Send(address, 0xCA, 0xFE, 1, 1, 0, 0, []);
        Send(address, 0xFE, 0xCA, 1, 1, 0, 0, []);
        Send(address, 0xCA, 0xFE, 2, 1, 0, 0, []);
        Send(address, 0xCA, 0xFE, 1, 1, 0, 9, "8 bytes."u8);
        SendBytes(address, 12345, [0xCA, 0xFE, 1]);
        SendBytes(address, 9, [0xCA, 0xFE, 1, 1, 0, 0]);

        // The last one tells that those before it were handled: one CPU handles a sender's packets in order.
        Send(address, 0xCA, 0xFE, 1, 2, 0, 0, []);
        Assert.Equal(MessageType.Request, reader.Read(s_patience)!.Type);
        Assert.Equal(MessageType.Response, reader.Read(s_patience)!.Type);

        var counted = receiver.ReadStatistics();
        Assert.Equal((6, 2, 1, 1, 1, 1), (counted.Seen, counted.Valid, counted.BadMagic, counted.BadVersion, counted.BadLength, counted.Truncated));
        Assert.Equal((2, 0, 0), (counted.Delivered, counted.Filtered, counted.Lost));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Full_ring_keeps_the_oldest_and_counts_the_others()
    {
        using var receiver = Register(ringSize: ReceiverOptions.MinRingSize);
        const int Sent = 3000;
        _network.Run(TestNetwork.Left, () =>
        {
            using var socket = Connect(TestNetwork.IPv4(TestNetwork.Right), 12345);
            var packet = new byte[6 + 200];
            new byte[] { 0xCA, 0xFE, 1, 1, 0, 200 }.CopyTo(packet, 0);
            for (var i = 0; i < Sent; i++)
            {
                BitConverter.TryWriteBytes(packet.AsSpan(6), i);
                socket.Send(packet);
            }
        });

        using var reader = receiver.OpenReader();
        var read = 0;
        while (reader.TryRead(out var message))
        {
            Assert.Equal(read, BitConverter.ToInt32(message.Data));
            Assert.Equal(0, message.LostBefore);
            read++;
        }

        var counted = receiver.ReadStatistics();
        Assert.Equal((Sent, Sent, read, Sent - read), (counted.Seen, counted.Valid, counted.Delivered, counted.Lost));
        Assert.InRange(read, 500, Sent - 500);

        // What a CPU lost is told by the next message that it doesn't lose.
        var told = 0L;
        for (var cpu = 0; cpu < Environment.ProcessorCount; cpu++)
        {
            _network.Execute(
                TestNetwork.Left, "taskset", $"-c {cpu} bash -c \"printf '\\xca\\xfe\\x01\\x01\\x00\\x00' > /dev/udp/{TestNetwork.IPv4(TestNetwork.Right)}/12345\"");
            told += reader.Read(s_patience)!.LostBefore;
        }

        Assert.Equal(Sent - read, told);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Dropped_message_never_reaches_a_socket_and_a_passed_one_does()
    {
        using var listener = _network.Run(TestNetwork.Right, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
            socket.Bind(new IPEndPoint(IPAddress.Any, 12345));
            return socket;
        });
        var buffer = new byte[100];
        using (Register(action: MatchAction.Drop))
        {
            Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "d"u8);
        }

        using (Register(action: MatchAction.Pass))
        {
            Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "p"u8);
            Assert.Equal(7, listener.Receive(buffer));
            Assert.Equal((byte)'p', buffer[6]);
        }

        Assert.Equal(0, listener.Available);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Pass_without_a_listener_is_noticed()
    {
        using (var silent = Register(action: MatchAction.Pass))
        {
            Assert.Contains(silent.Notices, notice => notice.Contains("UDP port 12345", StringComparison.Ordinal));
        }

        using var dropping = Register(action: MatchAction.Drop);
        Assert.Empty(dropping.Notices);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Closing_the_receiver_ends_a_waiting_reader_and_detaches()
    {
        var receiver = Register();
        using var reader = receiver.OpenReader();
        var waiting = Task.Run(() => Assert.Throws<CustomProtoException>(() => reader.Read(Timeout.InfiniteTimeSpan)));

        receiver.Dispose();

        Assert.True(waiting.Wait(s_patience));
        Assert.Equal(FailureKind.Gone, waiting.Result.Kind);
        Assert.Empty(_network.Run(TestNetwork.Right, () => NetworkLinks.Get(TestNetwork.InterfaceName(TestNetwork.Right))).XdpAttachments);
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Cancelling_ends_a_wait_and_reading_can_go_on()
    {
        using var receiver = Register();
        using var reader = receiver.OpenReader();
        using var stop = new CancellationTokenSource();
        var waiting = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(() => reader.Read(Timeout.InfiniteTimeSpan, stop.Token)));

        stop.Cancel();

        Assert.True(waiting.Wait(s_patience));
        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(1)));
        Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "x"u8);
        Assert.Equal("x", reader.Read(s_patience)!.Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Sleeping_reader_is_woken_for_every_single_message()
    {
        using var receiver = Register();
        using var reader = receiver.OpenReader();
        for (var i = 0; i < 2000; i++)
        {
            var waiting = Task.Run(() => reader.Read(s_patience));
            Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "w"u8);
            Assert.NotNull(waiting.Result);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Reader_has_one_owner_and_the_next_goes_on_where_it_stopped()
    {
        using var receiver = Register();
        Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "1"u8);
        Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, 0, 1, "2"u8);
        using (var first = receiver.OpenReader())
        {
            Assert.Equal("1", first.Read(s_patience)!.Text);
            var refused = Assert.Throws<CustomProtoException>(receiver.OpenReader);
            Assert.Equal((FailureKind.Busy, "ReaderBusy"), (refused.Kind, refused.ErrorId));
        }

        using var second = receiver.OpenReader();
        Assert.Equal("2", second.Read(s_patience)!.Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Jumbo_frames_arrive_whole()
    {
        using var network = new TestNetwork(mtu: 9000, permanentNeighbours: true);
        using var receiver = Register(network);
        using var reader = receiver.OpenReader();
        var data = new byte[9000 - 28 - 6];
        new Random(1).NextBytes(data);
        Send(TestNetwork.IPv4(TestNetwork.Right), 0xCA, 0xFE, 1, 1, (byte)(data.Length >> 8), (byte)data.Length, data, network);

        Assert.Equal(data, reader.Read(s_patience)!.Data);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Loopback_falls_back_to_generic_mode_and_says_why()
    {
        using var receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "lo", MatchAction = MatchAction.Drop }));
        using var reader = receiver.OpenReader();
        Assert.Equal(XdpMode.Generic, receiver.Mode);
        Assert.Contains(receiver.Notices, notice => notice.Contains("loopback device has no native mode", StringComparison.Ordinal));
        _network.Run(TestNetwork.Right, () =>
        {
            using var socket = Connect("127.0.0.1", 12345);
            socket.Send([0xCA, 0xFE, 1, 1, 0, 2, (byte)'l', (byte)'o']);
        });
        Assert.Equal("lo", reader.Read(s_patience)!.Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Second_program_is_refused_by_name_and_leaves_the_first_alone()
    {
        using var receiver = Register();
        var refused = Assert.Throws<NativeException>(() => Register());
        Assert.Equal((FailureKind.Busy, "EBUSY"), (refused.Kind, refused.ErrnoName));
        Assert.Contains($"Program 'cp_receive' (id {receiver.ProgramId}, attached by a BPF link)", refused.Message, StringComparison.Ordinal);
        Assert.Single(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Interfaces_that_are_not_there_or_have_no_ethernet_are_refused()
    {
        var missing = Assert.Throws<CustomProtoException>(() => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "nosuch0" })));
        Assert.Equal((FailureKind.NotFound, "InterfaceNotFound"), (missing.Kind, missing.ErrorId));

        _network.Ip(TestNetwork.Right, "tuntap add dev tun0 mode tun");
        var tunnel = Assert.Throws<CustomProtoException>(() => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "tun0" })));
        Assert.Equal((FailureKind.Unsupported, "NoEthernetHeader"), (tunnel.Kind, tunnel.ErrorId));
    }

    Receiver Register(
        TestNetwork? network = null, AttachMode mode = AttachMode.Auto, MatchAction action = MatchAction.Drop, int ringSize = ReceiverOptions.DefaultRingSize) =>
        (network ?? _network).Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Right),
            Mode = mode,
            MatchAction = action,
            RingSize = ringSize,
        }));

    void Send(
        string address, byte magic0, byte magic1, byte version, byte type, byte lengthHigh, byte lengthLow, ReadOnlySpan<byte> data, TestNetwork? network = null) =>
        SendBytes(address, 12345, [magic0, magic1, version, type, lengthHigh, lengthLow, .. data], network);

    void SendBytes(string address, int port, byte[] payload, TestNetwork? network = null) => (network ?? _network).Run(TestNetwork.Left, () =>
    {
        using var socket = Connect(address, port);
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

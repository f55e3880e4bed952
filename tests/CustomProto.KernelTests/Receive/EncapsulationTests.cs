using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CustomProto.KernelTests.Send;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>
/// Plain sockets that speak the protocol without knowing it: host 0 (left) talks to host 1 (right), and over it, as a router, to host 2
/// (far), behind a device that finishes checksums itself.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class EncapsulationTests : IDisposable
{
    const int Port = 9000;
    const int Far = 2;
    const int HeaderSize = 6;
    const int SOL_UDP = 17;
    const int UDP_SEGMENT = 103;
    const int SOL_SOCKET = 1;
    const int SO_NO_CHECK = 11;
    const int UDP_NO_CHECK6_TX = 101;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Another protocol than the built-in one, whose header has an odd number of bytes.</summary>
    static readonly ProtocolDefinition s_odd = new(
        "Odd",
        [Port],
        7,
        [
            new ProtocolField("Kind", 0, 1, FieldRole.Type),
            new ProtocolField("Size", 1, 4, FieldRole.Length),
            new ProtocolField("Mark", 5, 2, FieldRole.Magic, 0xABCD),
        ],
        ByteOrder.LittleEndian,
        lengthCountsHeader: true);

    /// <summary>Another one, whose header leaves the checksum of 100 bytes of data as it was, added or removed.</summary>
    static readonly ProtocolDefinition s_neutral = new(
        "Neutral",
        [Port],
        4,
        [
            new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xFFFF - 100 - (2 * 4)),
            new ProtocolField("Length", 2, 2, FieldRole.Length),
        ]);

    readonly TestNetwork _network = new(hosts: 3, permanentNeighbours: true);

    public EncapsulationTests()
    {
        _network.Connect(TestNetwork.Right, "far0", Far, "far1");
        _network.Ip(TestNetwork.Right, "address add 198.51.100.1/24 dev far0");
        _network.Ip(TestNetwork.Right, "address add 2001:db8:1::1/64 dev far0");
        _network.Ip(Far, "address add 198.51.100.2/24 dev far1");
        _network.Ip(Far, "address add 2001:db8:1::2/64 dev far1");

        // Without a link-local address a router can't ask for the neighbours of packets that aren't its own.
        _network.Ip(TestNetwork.Right, "address add fe80::a/64 dev far0");
        _network.Ip(Far, "address add fe80::b/64 dev far1");
        _network.WaitUntilSettled(TestNetwork.Right);
        _network.WaitUntilSettled(Far);
        _network.SetVariable(TestNetwork.Right, "ipv4/ip_forward", 1);
        _network.SetVariable(TestNetwork.Right, "ipv6/conf/all/forwarding", 1);
        _network.Ip(TestNetwork.Left, $"route add 198.51.100.0/24 via {TestNetwork.IPv4(TestNetwork.Right)}");
        _network.Ip(TestNetwork.Left, $"route add 2001:db8:1::/64 via {TestNetwork.IPv6(TestNetwork.Right)}");
        _network.Ip(Far, "route add 192.0.2.0/24 via 198.51.100.1");
        _network.Ip(Far, "route add 2001:db8::/64 via 2001:db8:1::1");
        SwitchOffload(TestNetwork.Right, "far0", "tx off");
    }

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_plain_programs_talk_messages_that_a_third_reads(bool isIPv6)
    {
        using var leftOut = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var leftIn = Register(TestNetwork.Left, Encapsulation.Decapsulate);
        using var rightOut = Register(TestNetwork.Right, Encapsulation.Encapsulate, type: MessageType.Response);
        using var rightIn = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var third = _network.Run(TestNetwork.Right, () => Receiver.Register(
            new ReceiverOptions { Interface = TestNetwork.InterfaceName(TestNetwork.Right), Ports = [Port], RingSize = ReceiverOptions.MinRingSize }));
        using var reader = third.OpenReader();
        using var answers = rightOut.OpenReader();
        using var server = Bind(TestNetwork.Right, isIPv6);
        using var client = Connect(RightAddress(isIPv6));
        var buffer = new byte[2000];
        EndPoint sender = new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        int[] sizes = [0, 1, 2, 5, 6, 7, 100, 999, MaxData(isIPv6)];
        foreach (var size in sizes)
        {
            var data = SendTest.Data(size);
            Assert.Equal(size, client.Send(data));
            var message = reader.Read(s_patience)!;
            Assert.Equal((MessageType.Request, size, 0), (message.Type, message.Length, message.TrailingBytes));
            Assert.Equal(data, message.Data);
            Assert.Equal(data, buffer[..server.ReceiveFrom(buffer, ref sender)]);

            Assert.Equal(size, server.SendTo(data, sender));
            var answer = answers.Read(s_patience)!;
            Assert.Equal((MessageType.Response, PacketDirection.Egress), (answer.Type, answer.Direction));
            Assert.Equal(data, answer.Data);
            Assert.Equal(data, buffer[..client.Receive(buffer)]);
        }

        foreach (var receiver in (Receiver[])[leftOut, rightOut])
        {
            Assert.Equal(new EncapsulationStatistics { Considered = sizes.Length, Encapsulated = sizes.Length }, receiver.ReadEncapsulation());
        }

        foreach (var receiver in (Receiver[])[leftIn, rightIn])
        {
            Assert.Equal(new EncapsulationStatistics { Considered = sizes.Length, Decapsulated = sizes.Length }, receiver.ReadEncapsulation());
        }

        var counted = third.ReadStatistics();
        Assert.Equal((sizes.Length, sizes.Length), (counted.Seen, counted.Valid));
        Assert.Null(third.ReadEncapsulation());
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false, "on", "built-in")]
    [InlineData(false, "off", "built-in")]
    [InlineData(true, "on", "built-in")]
    [InlineData(true, "off", "built-in")]
    [InlineData(false, "on", "odd")]
    [InlineData(false, "off", "odd")]
    [InlineData(true, "off", "odd")]
    [InlineData(false, "on", "neutral")]
    [InlineData(false, "off", "neutral")]
    public void Checksums_are_right_whoever_finishes_them(bool isIPv6, string transmitOffload, string definition)
    {
        var protocol = definition switch { "odd" => s_odd, "neutral" => s_neutral, _ => ProtocolDefinition.Default };
        SwitchOffload(TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), $"tx {transmitOffload}");
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate, protocol: protocol);
        int[] sizes = [0, 1, 2, 3, 100, 999, MaxData(isIPv6) + HeaderSize - protocol.HeaderSize];
        using var capture = new PacketCapture(_network, Far, "far1", sizes.Length, $"udp port {Port}");
        using var sink = Bind(Far, isIPv6);
        using var client = Connect(FarAddress(isIPv6));
        foreach (var size in sizes)
        {
            client.Send(SendTest.Data(size));
        }

        var packets = capture.Read();
        for (var i = 0; i < sizes.Length; i++)
        {
            Assert.Equal((sizes[i], "1"), (sizes[i], packets[i]["udp.checksum.status"]));
            Assert.Equal(isIPv6 ? "" : "1", packets[i]["ip.checksum.status"]);
            Assert.Equal(MessageEncoder.Encode(protocol, MessageType.Request, SendTest.Data(sizes[i])), packets[i].Payload);
        }
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false, "on", "built-in")]
    [InlineData(false, "off", "built-in")]
    [InlineData(true, "on", "built-in")]
    [InlineData(true, "off", "built-in")]
    [InlineData(false, "on", "odd")]
    [InlineData(true, "off", "odd")]
    [InlineData(false, "on", "neutral")]
    [InlineData(false, "off", "neutral")]
    public void Checksums_are_right_when_a_router_removes_the_header(bool isIPv6, string transmitOffload, string definition)
    {
        var protocol = definition switch { "odd" => s_odd, "neutral" => s_neutral, _ => ProtocolDefinition.Default };
        SwitchOffload(TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), $"tx {transmitOffload}");
        using var decapsulating = Register(TestNetwork.Right, Encapsulation.Decapsulate, protocol: protocol);
        int[] sizes = [0, 1, 2, 3, 100, 999, MaxData(isIPv6) + HeaderSize - protocol.HeaderSize];
        using var capture = new PacketCapture(_network, Far, "far1", sizes.Length, $"udp port {Port}");
        using var sink = Bind(Far, isIPv6);
        using var client = Connect(FarAddress(isIPv6));
        foreach (var size in sizes)
        {
            client.Send(MessageEncoder.Encode(protocol, MessageType.Request, SendTest.Data(size)));
        }

        var packets = capture.Read();
        for (var i = 0; i < sizes.Length; i++)
        {
            Assert.Equal((sizes[i], "1"), (sizes[i], packets[i]["udp.checksum.status"]));
            Assert.Equal(isIPv6 ? "" : "1", packets[i]["ip.checksum.status"]);
            Assert.Equal(SendTest.Data(sizes[i]), packets[i].Payload);
        }

        Assert.Equal(new EncapsulationStatistics { Considered = sizes.Length, Decapsulated = sizes.Length }, decapsulating.ReadEncapsulation());
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagram_without_checksum_stays_without(bool isIPv6)
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var capture = new PacketCapture(_network, Far, "far1", 1, $"udp port {Port}");
        using var sink = Bind(Far, isIPv6);
        using var client = Connect(FarAddress(isIPv6));
        client.SetRawSocketOption(isIPv6 ? SOL_UDP : SOL_SOCKET, isIPv6 ? UDP_NO_CHECK6_TX : SO_NO_CHECK, BitConverter.GetBytes(1));
        client.Send("none"u8);

        var packet = Assert.Single(capture.Read());
        Assert.Equal("0x0000", packet["udp.checksum"]);
        Assert.Equal([0xCA, 0xFE, 1, 1, 0, 4, .. "none"u8], packet.Payload);
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(new[] { 7 })]
    [InlineData(new[] { 7, 4094 })]
    public void Vlan_tags_and_ip_options_stay_where_they_are(int[] tags)
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate, protocol: new ProtocolDefinition(
            "Other", [12345], 4, [new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xBEEF), new ProtocolField("Length", 2, 2, FieldRole.Length)]));
        using var capture = new PacketCapture(_network, TestNetwork.Right, TestNetwork.InterfaceName(TestNetwork.Right), 2);
        var options = SendTest.ToRight(transport: Transport.Raw) with { VlanId = tags, Craft = new PacketCraft { IPOption = [1, 1, 1, 0] } };
        SendTest.Send(_network, options, 5);
        SendTest.Send(_network, SendTest.ToRight(ipv6: true, transport: Transport.Raw) with { VlanId = tags }, 500);

        var packets = capture.Read();
        Assert.Equal(("24", ""), (packets[0]["ip.hdr_len"], packets[1]["ip.hdr_len"]));
        foreach (var (packet, size) in packets.Zip([5, 500]))
        {
            byte[] message = [0xCA, 0xFE, 1, 1, (byte)((size) >> 8), (byte)size, .. SendTest.Data(size)];
            Assert.Equal([0xBE, 0xEF, (byte)(message.Length >> 8), (byte)message.Length, .. message], packet.Payload);
            Assert.Equal("1", packet["udp.checksum.status"]);
            Assert.Equal(string.Join(',', tags), string.Join(',', new[] { packet["ieee8021ad.id"], packet["vlan.id"] }.Where(id => id.Length > 0)));
        }
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false, "on")]
    [InlineData(false, "off")]
    [InlineData(true, "on")]
    [InlineData(true, "off")]
    public void Datagram_that_would_exceed_the_mtu_is_dropped_and_its_sender_told(bool isIPv6, string transmitOffload)
    {
        SwitchOffload(TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), $"tx {transmitOffload}");
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var arriving = Register(TestNetwork.Right, Encapsulation.None);
        using var reader = arriving.OpenReader();
        using var sink = Bind(TestNetwork.Right, isIPv6);
        using var client = Connect(RightAddress(isIPv6));
        var largest = MaxData(isIPv6);
        client.Send(SendTest.Data(largest));
        client.Send(SendTest.Data(largest + 1));

        Assert.True(client.Poll(s_patience, SelectMode.SelectError));
        var told = Assert.Throws<SocketException>(() => client.Send(SendTest.Data(1)));
        Assert.Equal(SocketError.MessageSize, told.SocketErrorCode);
        Assert.Contains("mtu 1494", _network.Ip(TestNetwork.Left, $"route get {RightAddress(isIPv6)}"), StringComparison.Ordinal);
        client.Send(SendTest.Data(2));

        Assert.Equal(largest, reader.Read(s_patience)!.Length);
        Assert.Equal(2, reader.Read(s_patience)!.Length);
        Assert.Equal(new EncapsulationStatistics { Considered = 3, Encapsulated = 2, TooBig = 1, Told = 1 }, encapsulating.ReadEncapsulation());
        var counted = encapsulating.ReadStatistics();
        Assert.Equal((2, 2), (counted.Seen, counted.Valid));
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Nobody_is_told_about_a_datagram_to_a_group()
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        _network.Ip(TestNetwork.Left, $"route add 239.0.0.0/8 dev {TestNetwork.InterfaceName(TestNetwork.Left)}");
        using var client = Connect("239.1.2.3");
        client.Send(SendTest.Data(1472));
        client.Send(SendTest.Data(10));
        Assert.Equal(new EncapsulationStatistics { Considered = 2, Encapsulated = 1, TooBig = 1 }, encapsulating.ReadEncapsulation());
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(Encapsulation.Encapsulate)]
    [InlineData(Encapsulation.Decapsulate)]
    public void Several_datagrams_in_one_packet_are_dropped_and_counted(Encapsulation way)
    {
        using var program = Register(way == Encapsulation.Encapsulate ? TestNetwork.Left : TestNetwork.Right, way);
        using var server = Bind(TestNetwork.Right, isIPv6: false);
        using var client = Connect(RightAddress(isIPv6: false));
        client.SetRawSocketOption(SOL_UDP, UDP_SEGMENT, BitConverter.GetBytes(7));
        client.Send([0xCA, 0xFE, 1, 1, 0, 1, 1, 0xCA, 0xFE, 1, 1, 0, 1, 2]);
        client.SetRawSocketOption(SOL_UDP, UDP_SEGMENT, BitConverter.GetBytes(0));
        byte[] last = way == Encapsulation.Encapsulate ? [3] : [0xCA, 0xFE, 1, 1, 0, 1, 3];
        client.Send(last);

        var buffer = new byte[100];
        var length = server.Receive(buffer);
        Assert.Equal(way == Encapsulation.Encapsulate ? [0xCA, 0xFE, 1, 1, 0, 1, 3] : new byte[] { 3 }, buffer[..length]);
        Assert.Equal(0, server.Available);
        var counted = program.ReadEncapsulation()!;
        Assert.Equal((2, 1, 1), (counted.Considered, counted.Gso, counted.Encapsulated + counted.Decapsulated));
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Fragmented_datagram_is_dropped_on_the_way_out_and_passes_on_the_way_in(bool isIPv6)
    {
        using var server = Bind(TestNetwork.Right, isIPv6);
        using var decapsulating = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var client = Connect(RightAddress(isIPv6));
        var data = SendTest.Data(3000);
        using (var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate))
        {
            client.Send(data);
            Assert.Equal(new EncapsulationStatistics { Considered = 1, Fragment = 1 }, encapsulating.ReadEncapsulation());

            // The kernel sends no more of a datagram's fragments when one was dropped.
            Assert.Equal((0, 0), (encapsulating.ReadStatistics().Seen, encapsulating.ReadStatistics().LaterFragments));
        }

        client.Send(data);
        var buffer = new byte[4000];
        Assert.Equal(data, buffer[..server.Receive(buffer)]);
        Assert.Equal(new EncapsulationStatistics { Considered = 1, Fragment = 1 }, decapsulating.ReadEncapsulation());
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Message_is_not_encapsulated_again_and_what_is_none_is_not_decapsulated()
    {
        using var server = Bind(TestNetwork.Right, isIPv6: false);
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var client = Connect(RightAddress(isIPv6: false));
        byte[] message = [0xCA, 0xFE, 1, 200, 0, 3, .. "abcd"u8];
        var buffer = new byte[100];
        client.Send(message);
        Assert.Equal(message, buffer[..server.Receive(buffer)]);
        Assert.Equal(new EncapsulationStatistics { Considered = 1, Skipped = 1 }, encapsulating.ReadEncapsulation());
        Assert.Equal((1, 1), (encapsulating.ReadStatistics().Seen, encapsulating.ReadStatistics().Valid));

        // Only the header goes: what follows the data was sent, too.
        using var decapsulating = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        client.Send(message);
        Assert.Equal("abcd"u8.ToArray(), buffer[..server.Receive(buffer)]);

        // Reversible: from now on the client's datagrams leave as they are.
        encapsulating.Unregister();
        client.Send("plain data"u8);
        Assert.Equal("plain data"u8.ToArray(), buffer[..server.Receive(buffer)]);
        Assert.Equal(new EncapsulationStatistics { Considered = 2, Decapsulated = 1, Skipped = 1 }, decapsulating.ReadEncapsulation());
        Assert.Equal((2, 1, 1), (decapsulating.ReadStatistics().Seen, decapsulating.ReadStatistics().Valid, decapsulating.ReadStatistics().BadMagic));
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(Encapsulation.Encapsulate, 0)]
    [InlineData(Encapsulation.Encapsulate, 1)]
    [InlineData(Encapsulation.Decapsulate, 0)]
    [InlineData(Encapsulation.Decapsulate, 1)]
    public void What_nobody_reads_is_counted_as_lost(Encapsulation way, int peers)
    {
        const int Count = 300;
        var host = way == Encapsulation.Encapsulate ? TestNetwork.Left : TestNetwork.Right;
        using var program = _network.Run(host, () => Receiver.Register(Options(host, way) with { PeerCapacity = peers }));
        using var server = Bind(TestNetwork.Right, isIPv6: false);
        using var client = Connect(RightAddress(isIPv6: false));
        var data = SendTest.Data(1000);
        var message = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, data);
        var (sent, received) = way == Encapsulation.Encapsulate ? (data, message) : (message, data);
        var buffer = new byte[2000];
        for (var i = 0; i < Count; i++)
        {
            client.Send(sent);
            Assert.Equal(received, buffer[..server.Receive(buffer)]);
        }

        // A record and its header take a multiple of eight bytes, and one byte of the ring stays free.
        var record = (8 + Marshal.SizeOf<Abi.Event>() + message.Length + 7) / 8 * 8;
        var counted = program.ReadStatistics();
        Assert.Equal((Count, Count, Count), (counted.Seen, counted.Valid, counted.Offered));
        Assert.Equal(((ReceiverOptions.MinRingSize - 1) / record, Count), (counted.Delivered, counted.Delivered + counted.Lost));
        using var reader = program.OpenReader();
        for (var i = 0; i < counted.Delivered; i++)
        {
            Assert.Equal(data, reader.Read(s_patience)!.Data);
        }

        client.Send(sent);
        Assert.Equal(counted.Lost, reader.Read(s_patience)!.LostBefore);
    }

    [KernelFact(KernelNeed.Tcx | KernelNeed.BpfFileSystem)]
    public void Persistent_encapsulation_goes_on_without_its_process()
    {
        var first = _network.Run(TestNetwork.Left, () => Receiver.Register(Options(TestNetwork.Left, Encapsulation.Encapsulate) with { Persist = true }));
        var id = first.ProgramId;
        first.Dispose();
        using var server = Bind(TestNetwork.Right, isIPv6: false);
        using var client = Connect(RightAddress(isIPv6: false));
        client.Send("x"u8);
        var buffer = new byte[100];
        Assert.Equal([0xCA, 0xFE, 1, 1, 0, 1, (byte)'x'], buffer[..server.Receive(buffer)]);

        var second = Receivers.Find(id)!;
        Assert.Equal(Encapsulation.Encapsulate, second.Encapsulation);
        Assert.Equal(new EncapsulationStatistics { Considered = 1, Encapsulated = 1 }, second.ReadEncapsulation());
        second.Unregister();
        Assert.False(Directory.Exists(ReceiverPins.Folder(id)));
    }

    [KernelFact(KernelNeed.Tcx)]
    public void What_makes_no_sense_is_refused()
    {
        var options = Options(TestNetwork.Left, Encapsulation.Encapsulate);
        foreach (var wrong in (ReceiverOptions[])[
            options with { AttachPoint = AttachPoint.TcIngress },
            options with { AttachPoint = AttachPoint.Xdp },
            options with { MatchAction = MatchAction.Drop },
            options with { AttachPoint = AttachPoint.TcEgress, Encapsulation = Encapsulation.Decapsulate },
        ])
        {
            var refused = Assert.Throws<CustomProtoException>(() => _network.Run(TestNetwork.Left, () => Receiver.Register(wrong)));
            Assert.Equal((FailureKind.InvalidArgument, "InvalidEncapsulation"), (refused.Kind, refused.ErrorId));
        }
    }

    static string RightAddress(bool isIPv6) => isIPv6 ? TestNetwork.IPv6(TestNetwork.Right) : TestNetwork.IPv4(TestNetwork.Right);

    static string FarAddress(bool isIPv6) => isIPv6 ? "2001:db8:1::2" : "198.51.100.2";

    static int MaxData(bool isIPv6) => 1500 - (isIPv6 ? 40 : 20) - 8 - HeaderSize;

    static ReceiverOptions Options(int host, Encapsulation way, MessageType type = MessageType.Request, ProtocolDefinition? protocol = null) => new()
    {
        Interface = TestNetwork.InterfaceName(host),
        AttachPoint = way == Encapsulation.Encapsulate ? AttachPoint.TcEgress : AttachPoint.TcIngress,
        Encapsulation = way,
        EncapsulatedType = type,
        Protocol = protocol ?? ProtocolDefinition.Default,
        Ports = protocol is null || protocol == ProtocolDefinition.Default ? [Port] : null,
        RingSize = ReceiverOptions.MinRingSize,
    };

    Receiver Register(int host, Encapsulation way, MessageType type = MessageType.Request, ProtocolDefinition? protocol = null) =>
        _network.Run(host, () => Receiver.Register(Options(host, way, type, protocol)));

    void SwitchOffload(int host, string name, string what) => _network.Execute(host, "ethtool", $"-K {name} {what}");

    Socket Bind(int host, bool isIPv6) => _network.Run(host, () =>
    {
        var socket = new Socket(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = (int)s_patience.TotalMilliseconds,
        };
        socket.Bind(new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, Port));
        return socket;
    });

    Socket Connect(string address) => _network.Run(TestNetwork.Left, () =>
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(address), Port);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
        socket.Connect(endpoint);
        return socket;
    });
}

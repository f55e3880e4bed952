using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CustomProto.KernelTests.Send;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Plain sockets on two hosts that speak the protocol without knowing it.</summary>
[Collection(KernelSuite.Name)]
public sealed class EncapsulationTests : EncapsulationTest
{
    const int UDP_SEGMENT = 103;

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_plain_programs_talk_messages_that_a_third_reads(bool isIPv6)
    {
        using var leftOut = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var leftIn = Register(TestNetwork.Left, Encapsulation.Decapsulate);
        using var rightOut = Register(TestNetwork.Right, Encapsulation.Encapsulate, type: MessageType.Response);
        using var rightIn = Register(TestNetwork.Right, Encapsulation.Decapsulate);
        using var third = Network.Run(TestNetwork.Right, () => Receiver.Register(
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
            var message = reader.Read(Patience)!;
            Assert.Equal((MessageType.Request, size, 0), (message.Type, message.Length, message.TrailingBytes));
            Assert.Equal(data, message.Data);
            Assert.Equal(data, buffer[..server.ReceiveFrom(buffer, ref sender)]);

            Assert.Equal(size, server.SendTo(data, sender));
            var answer = answers.Read(Patience)!;
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

        Assert.True(client.Poll(Patience, SelectMode.SelectError));
        var told = Assert.Throws<SocketException>(() => client.Send(SendTest.Data(1)));
        Assert.Equal(SocketError.MessageSize, told.SocketErrorCode);
        Assert.Contains("mtu 1494", Network.Ip(TestNetwork.Left, $"route get {RightAddress(isIPv6)}"), StringComparison.Ordinal);
        client.Send(SendTest.Data(2));

        Assert.Equal(largest, reader.Read(Patience)!.Length);
        Assert.Equal(2, reader.Read(Patience)!.Length);
        Assert.Equal(new EncapsulationStatistics { Considered = 3, Encapsulated = 2, TooBig = 1, Told = 1 }, encapsulating.ReadEncapsulation());
        var counted = encapsulating.ReadStatistics();
        Assert.Equal((2, 2), (counted.Seen, counted.Valid));
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Nobody_is_told_about_a_datagram_to_a_group()
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        Network.Ip(TestNetwork.Left, $"route add 239.0.0.0/8 dev {TestNetwork.InterfaceName(TestNetwork.Left)}");
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
        using var program = Network.Run(host, () => Receiver.Register(Options(host, way) with { PeerCapacity = peers }));
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
            Assert.Equal(data, reader.Read(Patience)!.Data);
        }

        client.Send(sent);
        Assert.Equal(counted.Lost, reader.Read(Patience)!.LostBefore);
    }

    [KernelFact(KernelNeed.Tcx | KernelNeed.BpfFileSystem)]
    public void Persistent_encapsulation_goes_on_without_its_process()
    {
        var first = Network.Run(TestNetwork.Left, () => Receiver.Register(Options(TestNetwork.Left, Encapsulation.Encapsulate) with { Persist = true }));
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
            var refused = Assert.Throws<CustomProtoException>(() => Network.Run(TestNetwork.Left, () => Receiver.Register(wrong)));
            Assert.Equal((FailureKind.InvalidArgument, "InvalidEncapsulation"), (refused.Kind, refused.ErrorId));
        }
    }
}

using System.Net;
using System.Net.Sockets;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>Senders over UDP on this host's loopback interface, which needs no privilege.</summary>
public sealed class LoopbackSenderTests : IDisposable
{
    readonly UdpClient _receiver = new(new IPEndPoint(IPAddress.Loopback, 0));

    IPEndPoint LocalEndPoint => (IPEndPoint)_receiver.Client.LocalEndPoint!;

    SendOptions Options => new() { Destination = IPAddress.Loopback, DestinationPort = LocalEndPoint.Port };

    public LoopbackSenderTests() => _receiver.Client.ReceiveTimeout = 10_000;

    public void Dispose() => _receiver.Dispose();

    [Fact]
    public void A_message_arrives_from_where_the_sender_says()
    {
        using var sender = Sender.Open(Options);

        sender.Send(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "Hello"u8));

        IPEndPoint? from = null;
        Assert.Equal("cafe0102000548656c6c6f", Convert.ToHexStringLower(_receiver.Receive(ref from)));
        Assert.Equal(new IPEndPoint(sender.SourceAddress, sender.SourcePort), from);
        Assert.Equal((Transport.Udp, "lo", LocalEndPoint.Port), (sender.Transport, sender.Interface, sender.DestinationPort));
        Assert.Equal("127.0.0.1 is an address of this host", sender.Reason);
        Assert.Single(sender.Notices);
    }

    [Fact]
    public void The_result_tells_what_happened()
    {
        using var sender = Sender.Open(Options with { SourceAddress = IPAddress.Parse("127.0.0.5") });

        Assert.Equal(100, sender.Send(new byte[10], 100));
        Assert.Equal(0, sender.Send(new byte[10], 0));

        var result = sender.Complete();
        Assert.Equal((100, 100 * (14L + 20 + 8 + 10), 0), (result.Packets, result.Bytes, result.Errors));
        Assert.Equal(IPAddress.Parse("127.0.0.5"), result.SourceAddress);
        Assert.Equal(result.Packets / result.Elapsed.TotalSeconds, result.AchievedRate);
        Assert.Null(result.RequestedRate);
        Assert.InRange(result.MonotonicNanoseconds, 1, sender.LatestMonotonicNanoseconds);
    }

    [Fact]
    public void Without_packets_the_result_is_empty()
    {
        using var sender = Sender.Open(Options);

        var result = sender.Complete();

        Assert.Equal((0, 0, 0, 0), (result.Packets, result.Bytes, result.Errors, result.Confirmed!.Value));
        Assert.Equal((0, TimeSpan.Zero, 0), (result.AchievedRate, result.Elapsed, result.MonotonicNanoseconds));
    }

    [Fact]
    public void The_protocol_names_the_port_that_is_sent_to()
    {
        using var sender = Sender.Open(new SendOptions { Destination = IPAddress.Loopback });

        Assert.Equal(12345, sender.DestinationPort);
    }

    [Theory]
    [InlineData("127.0.0.1", 65501, 20 + 8 + 6)]
    [InlineData("::1", 65521, 40 + 8 + 6)]
    public void Loopback_carries_what_IP_and_its_MTU_allow(string destination, int mostOfIp, int headers)
    {
        var expected = Math.Min(mostOfIp, NetworkLinks.Get("lo").Mtu - headers);
        using var sender = Sender.Open(Options with { Destination = IPAddress.Parse(destination) });

        Assert.Equal(expected, sender.MaxDataLength);
        sender.Send(new byte[6 + expected]);
        Assert.Throws<CustomProtoException>(() => sender.Send(new byte[6 + expected + 1]));
    }

    [Fact]
    public void A_message_of_another_protocol_is_refused()
    {
        using var sender = Sender.Open(Options);
        var other = new ProtocolDefinition("Other", [4000], 1, [new ProtocolField("Type", 0, 1, FieldRole.Type)]);

        var exception = Assert.Throws<CustomProtoException>(() => sender.Send(CustomMessage.Create(other, MessageType.Request, [])));

        Assert.Equal((FailureKind.InvalidArgument, "ProtocolMismatch"), (exception.Kind, exception.ErrorId));
        Assert.Equal(0, sender.Packets);
    }

    [Fact]
    public void A_message_that_was_captured_in_part_is_refused()
    {
        using var sender = Sender.Open(Options);
        var cut = new CustomMessage(ProtocolDefinition.Default, [0xca, 0xfe, 1, 1, 0, 10, 1, 2, 3], length: 10);

        var exception = Assert.Throws<CustomProtoException>(() => sender.Send(cut));

        Assert.Equal((FailureKind.InvalidArgument, "MessageIncomplete"), (exception.Kind, exception.ErrorId));
        Assert.Equal("Only 3 of the message's 10 bytes of data were captured. Receive with a larger -SnapLength.", exception.Message);
    }

    [Fact]
    public void A_cancelled_token_sends_nothing()
    {
        using var sender = Sender.Open(Options);

        Assert.Throws<OperationCanceledException>(() => sender.Send(new byte[6], 10, new CancellationToken(canceled: true)));

        Assert.Equal(0, sender.Packets);
    }

    [Fact]
    public void What_comes_in_at_the_source_port_is_dropped_not_turned_away()
    {
        using var sender = Sender.Open(Options);
        _receiver.Connect(IPAddress.Loopback, sender.SourcePort);

        _receiver.Send([1]);
        _receiver.Send([2]);

        Assert.Equal(0, _receiver.Client.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error));
    }

    [Fact]
    public void After_its_end_a_sender_sends_nothing()
    {
        var sender = Sender.Open(Options);
        sender.Dispose();
        sender.Dispose();

        Assert.Throws<ObjectDisposedException>(() => sender.Send(new byte[6]));
    }

    [Fact]
    public void Nothing_is_allocated_per_packet()
    {
        using var sender = Sender.Open(Options);
        sender.Send(new byte[100], 100);
        var payload = new byte[100];

        Assert.Equal(0, Allocation.LeastOf(() => sender.Send(payload, 5_000)));
    }
}

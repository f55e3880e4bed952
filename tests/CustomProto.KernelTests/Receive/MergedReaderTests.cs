using System.Net;
using System.Net.Sockets;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Two receivers of one host, on two veth pairs, read as one.</summary>
[Collection(KernelSuite.Name)]
public sealed class MergedReaderTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Receiver _first;
    readonly Receiver _second;

    public MergedReaderTests()
    {
        _network.Connect(TestNetwork.Left, "other0", TestNetwork.Right, "other1");
        _network.Ip(TestNetwork.Left, "address add 198.51.100.1/24 dev other0");
        _network.Ip(TestNetwork.Right, "address add 198.51.100.2/24 dev other1");
        _first = Register(TestNetwork.InterfaceName(TestNetwork.Right));
        _second = Register("other1");
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _network.Dispose();
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_was_seen_first_comes_first()
    {
        using var reader = MergedReader.Open([_first, _second]);
        Send("198.51.100.2", "a");
        Send(TestNetwork.IPv4(TestNetwork.Right), "b");
        Send(TestNetwork.IPv4(TestNetwork.Right), "c");
        Send("198.51.100.2", "d");

        Assert.Equal(["a", "b", "c", "d"], Enumerable.Range(0, 4).Select(_ => reader.Read(s_patience)!.Text));
        Assert.False(reader.TryRead(out _));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Each_receiver_wakes_a_sleeping_reader()
    {
        using var reader = MergedReader.Open([_first, _second]);
        foreach (var address in (string[])[TestNetwork.IPv4(TestNetwork.Right), "198.51.100.2", TestNetwork.IPv4(TestNetwork.Right)])
        {
            var waiting = Task.Run(() => reader.Read(s_patience));

            Send(address, "wake up");

            Assert.Equal(address, waiting.Result!.DestinationAddress!.ToString());
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Cancelling_ends_a_wait_and_reading_can_go_on()
    {
        using var reader = MergedReader.Open([_first, _second]);
        using var stop = new CancellationTokenSource();
        var waiting = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(() => reader.Read(Timeout.InfiniteTimeSpan, stop.Token)));

        stop.Cancel();

        Assert.True(waiting.Wait(s_patience));
        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(1)));
        Send("198.51.100.2", "on");
        Assert.Equal("on", reader.Read(s_patience)!.Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_receiver_that_closes_is_told_once_and_the_other_is_read_on()
    {
        using var reader = MergedReader.Open([_first, _second]);
        var waiting = Task.Run(() => Assert.Throws<CustomProtoException>(() => reader.Read(Timeout.InfiniteTimeSpan)));
        _first.Dispose();

        Assert.Equal(FailureKind.Gone, waiting.Result.Kind);
        Assert.Equal(1, reader.Count);
        Send("198.51.100.2", "still here");
        Assert.Equal("still here", reader.Read(s_patience)!.Text);

        _second.Dispose();
        Assert.Equal(FailureKind.Gone, Assert.Throws<CustomProtoException>(() => reader.Read(Timeout.InfiniteTimeSpan)).Kind);
        Assert.Equal(0, reader.Count);
        Assert.Throws<InvalidOperationException>(() => reader.TryRead(out _));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Opening_is_all_or_nothing()
    {
        using var taken = _second.OpenReader();

        Assert.Equal(FailureKind.Busy, Assert.Throws<CustomProtoException>(() => MergedReader.Open([_first, _second])).Kind);

        _first.OpenReader().Dispose();
        Assert.Throws<ArgumentException>(() => MergedReader.Open([]));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Skipping_passes_over_what_is_in_all_rings()
    {
        using var reader = MergedReader.Open([_first, _second]);
        Send("198.51.100.2", "old");
        Send(TestNetwork.IPv4(TestNetwork.Right), "old");
        var skipped = 0L;
        Assert.True(SpinWait.SpinUntil(() => (skipped += reader.Skip()) == 2, s_patience));

        Send("198.51.100.2", "new");
        Assert.Equal("new", reader.Read(s_patience)!.Text);
    }

    Receiver Register(string interfaceName) => _network.Run(
        TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = interfaceName, MatchAction = MatchAction.Drop }));

    void Send(string address, string text) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(address), 12345);
        socket.Send([0xCA, 0xFE, 1, 1, 0, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
    });
}

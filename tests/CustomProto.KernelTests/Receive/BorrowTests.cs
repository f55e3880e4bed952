using System.Net;
using System.Net.Sockets;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Messages read where the kernel put them.</summary>
[Collection(KernelSuite.Name)]
public sealed class BorrowTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Receiver _receiver;

    public BorrowTests() => _receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(TestNetwork.Right),
        MatchAction = MatchAction.Drop,
    }));

    public void Dispose()
    {
        _receiver.Dispose();
        _network.Dispose();
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Borrowed_record_says_what_the_message_says(AddressFamily family)
    {
        using var reader = _receiver.OpenReader();
        Send(family, "borrowed");
        Assert.True(reader.Wait(s_patience));
        var count = 0;
        foreach (var record in reader.Borrow())
        {
            var message = record.ToMessage();
            Assert.Equal("borrowed", message.Text);
            Assert.Equal(message.Data, record.Data.ToArray());
            Assert.Equal([0xCA, 0xFE, 1, 1, 0, 8, .. message.Data], record.Payload.ToArray());
            Assert.Equal(
                (message.Type, message.Version, message.Length, message.TrailingBytes, message.LostBefore, message.Cpu, message.Interface, message.MonotonicNanoseconds),
                (record.Type, record.Version, record.Length, record.TrailingBytes, record.LostBefore, record.Cpu, record.Interface, record.MonotonicNanoseconds));
            Assert.Equal(message.SourceAddress, record.SourceAddress.ToIPAddress());
            Assert.Equal(message.DestinationAddress, record.DestinationAddress.ToIPAddress());
            Assert.Equal((message.SourcePort, 12345, message.SourceMac, message.DestinationMac), (record.SourcePort, record.DestinationPort, record.SourceMac, record.DestinationMac));
            Assert.Equal(message.Timestamp.UtcTicks, DateTimeOffset.UnixEpoch.Ticks + (record.UnixNanoseconds / TimeSpan.NanosecondsPerTick));
            Assert.Equal((0, 0, 0), (record.VlanCount, record.OuterVlanId, record.InnerVlanId));
            Assert.Equal((family == AddressFamily.InterNetwork ? 14 + 20 : 14 + 40) + 8 + 6 + 8, record.FrameLength);
            count++;
        }

        Assert.Equal(1, count);
        Assert.False(reader.TryRead(out _));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void However_a_loop_ends_the_next_read_goes_on_after_the_last_record()
    {
        using var reader = _receiver.OpenReader();
        SendMany(6);
        foreach (var record in reader.Borrow())
        {
            Assert.Equal(0, record.Data[0]);
            break;
        }

        Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var record in reader.Borrow())
            {
                Assert.Equal(1, record.Data[0]);
                throw new InvalidDataException();
            }
        });
        Assert.True(reader.TryRead(out var third));
        Assert.Equal([2], third.Data);

        // Opened and nothing asked for: nothing is passed over.
        reader.Borrow().Dispose();
        var rest = new List<byte>();
        foreach (var record in reader.Borrow())
        {
            rest.Add(record.Data[0]);
        }

        Assert.Equal([3, 4, 5], rest);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_was_given_back_cannot_be_read_and_copies_end_together()
    {
        using var reader = _receiver.OpenReader();
        SendMany(3);
        var records = reader.Borrow();
        var copy = records;
        Assert.True(records.MoveNext());
        var first = records.Current;
        Assert.Equal(0, first.Data[0]);
        Assert.True(copy.MoveNext());
        Assert.Equal(1, records.Current.Data[0]);
        AssertGivenBack(first);

        AssertRefused<InvalidOperationException>(() => reader.TryRead(out _));
        AssertRefused<InvalidOperationException>(() => reader.Borrow());
        AssertRefused<InvalidOperationException>(() => reader.Wait(TimeSpan.Zero));
        var second = records.Current;
        copy.Dispose();
        AssertGivenBack(second);
        var ended = false;
        try
        {
            records.MoveNext();
        }
        catch (ObjectDisposedException)
        {
            ended = true;
        }

        Assert.True(ended);
        records.Dispose();
        Assert.True(reader.TryRead(out var third));
        Assert.Equal([2], third.Data);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Closing_meanwhile_is_told_and_the_memory_stays_until_the_loop_ends()
    {
        var reader = _receiver.OpenReader();
        SendMany(2);
        var records = reader.Borrow();
        Assert.True(records.MoveNext());
        Task.Run(_receiver.Dispose).Wait();
        Assert.Equal(0, records.Current.Data[0]);
        FailureKind? kind = null;
        try
        {
            records.MoveNext();
        }
        catch (CustomProtoException failure)
        {
            kind = failure.Kind;
        }

        records.Dispose();
        Assert.Equal(FailureKind.Gone, kind);
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.Borrow());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void The_ring_is_free_for_others_only_when_what_was_lent_out_is_back()
    {
        var reader = _receiver.OpenReader();
        SendMany(2);
        var records = reader.Borrow();
        Assert.True(records.MoveNext());
        Task.Run(reader.Dispose).Wait();
        Assert.Equal(0, records.Current.Data[0]);
        records.Dispose();

        using var next = _receiver.OpenReader();
        Assert.True(next.TryRead(out var second));
        Assert.Equal([1], second.Data);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Nothing_is_allocated_for_a_record()
    {
        const int Messages = 5_000;
        using var receiver = TestReceiver.Load(new ReceiverOptions { Interface = "test" });
        var reader = receiver.Reader;
        byte[] frame = FrameOf([0xCA, 0xFE, 1, 7, 0, 3, 1, 2, 3]);
        var (sum, allocated) = (0L, long.MaxValue);
        for (var round = 0; round < 4; round++)
        {
            receiver.Program.TestRun(frame, [], repeat: Messages);
            sum = 0;
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var record in reader.Borrow())
            {
                sum += record.Payload.Length + record.SourcePort + (int)record.Type + (long)(record.SourceAddress.Bits & 0xff)
                    + (record.SourceMac.IsZero ? 1 : 0) + record.LostBefore + (record.MonotonicNanoseconds > 0 ? 1 : 0) + (record.UnixNanoseconds > 0 ? 1 : 0);
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(Messages * (9L + 40000 + 7 + 1 + 2), sum);
        Assert.Equal(0, allocated);
    }

    static byte[] FrameOf(byte[] payload) =>
    [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
        0x45, 0, 0, (byte)(28 + payload.Length), 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
        0x9C, 0x40, 0x30, 0x39, 0, (byte)(8 + payload.Length), 0, 0, .. payload,
    ];

    static void AssertGivenBack(ReceivedRecord record)
    {
        var refused = false;
        try
        {
            _ = record.Length;
        }
        catch (InvalidOperationException)
        {
            refused = true;
        }

        Assert.True(refused);
    }

    static void AssertRefused<T>(Action action)
        where T : Exception => Assert.Throws<T>(action);

    void SendMany(int count)
    {
        var before = _receiver.ReadStatistics().Delivered;
        for (var i = 0; i < count; i++)
        {
            Send(AddressFamily.InterNetwork, ((char)i).ToString());
        }

        Assert.True(SpinWait.SpinUntil(() => _receiver.ReadStatistics().Delivered == before + count, s_patience));
    }

    void Send(AddressFamily family, string text) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(family == AddressFamily.InterNetwork ? TestNetwork.IPv4(TestNetwork.Right) : TestNetwork.IPv6(TestNetwork.Right)), 12345);
        socket.Send([0xCA, 0xFE, 1, (byte)MessageType.Request, 0, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
    });
}

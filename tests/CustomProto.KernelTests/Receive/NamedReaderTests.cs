using System.Net;
using System.Net.Sockets;
using CustomProto.Native;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Several readers of one live program, with names, rings, filters and counters of their own.</summary>
[Collection(KernelSuite.Name)]
public sealed class NamedReaderTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly TestNetwork _network = new(permanentNeighbours: true);
    Receiver _receiver;

    public NamedReaderTests() => _receiver = Register(persist: false);

    public void Dispose()
    {
        _receiver.Unregister();
        _network.Dispose();
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Reader_counts_from_when_it_was_added_and_goes_when_it_is_closed()
    {
        Send(1, 3);
        using (var late = _receiver.OpenReader("late"))
        {
            Assert.Equal([Receiver.DefaultReader, "late"], _receiver.Readers);
            Send(2, 2);
            Assert.Equal([(Receiver.DefaultReader, 5L, 5L, 5L), ("late", 5L, 2L, 2L)], Statistics(counted => (counted.Reader, counted.Valid, counted.Offered, counted.Delivered)));
            Assert.Equal([2, 2], Drain(late).Select(message => (int)message.Type));
        }

        Assert.Equal([Receiver.DefaultReader], _receiver.Readers);
        using var again = _receiver.OpenReader("late");
        Assert.False(again.TryRead(out _));
        Assert.Equal(0, _receiver.ReadReaderStatistics()[1].Offered);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Added_reader_stays_and_keeps_the_oldest_until_somebody_comes()
    {
        _receiver.AddReader("kept");
        _receiver.SetFilter("kept", new ReaderFilter { Types = [(MessageType)7] });
        Send(7, 1);
        Send(8, 1);
        using (var reader = _receiver.OpenReader("kept", new ReaderFilter { Types = [(MessageType)8] }))
        {
            Send(7, 1);
            Send(8, 1);
            Assert.Equal([7, 8], Drain(reader).Select(message => (int)message.Type));
        }

        // What the reader brought is put back.
        Send(7, 1);
        Send(8, 1);
        using (var reader = _receiver.OpenReader("kept"))
        {
            Assert.Equal([7], Drain(reader).Select(message => (int)message.Type));
        }

        Assert.Equal((6, 3, 3), Statistics(counted => ((int)counted.Offered, (int)counted.Delivered, (int)counted.Filtered)).Last());
        Assert.Equal("ReaderExists", Assert.Throws<CustomProtoException>(() => _receiver.AddReader("kept")).ErrorId);
        _receiver.RemoveReader("kept");
        Assert.Equal([Receiver.DefaultReader], _receiver.Readers);
        Assert.Equal("NoSuchReader", Assert.Throws<CustomProtoException>(() => _receiver.RemoveReader("kept")).ErrorId);
        Assert.Equal("DefaultReader", Assert.Throws<CustomProtoException>(() => _receiver.RemoveReader("default")).ErrorId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void There_is_one_owner_and_there_are_eight_readers_and_names_are_names()
    {
        using var first = _receiver.OpenReader("mine");
        var busy = Assert.Throws<CustomProtoException>(() => _receiver.OpenReader("mine", new ReaderFilter { Types = [MessageType.Request] }));
        Assert.Equal((FailureKind.Busy, "ReaderBusy"), (busy.Kind, busy.ErrorId));
        Assert.Contains($"process {Environment.ProcessId}", busy.Message, StringComparison.Ordinal);
        Send(2, 1);
        Assert.Single(Drain(first));
        for (var i = 2; i < Abi.Limit.MaxReaders; i++)
        {
            _receiver.AddReader($"reader{i}");
        }

        var full = Assert.Throws<CustomProtoException>(() => _receiver.OpenReader("ninth"));
        Assert.Equal((FailureKind.LimitExceeded, "TooManyReaders"), (full.Kind, full.ErrorId));
        foreach (var name in (string[])["", "a b", "a/b", "\u001b[1m", new string('x', 32)])
        {
            Assert.Equal("InvalidReaderName", Assert.Throws<CustomProtoException>(() => _receiver.OpenReader(name)).ErrorId);
        }

        Assert.Equal(8, _receiver.Readers.Count);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Full_rings_lose_each_for_itself_and_the_sums_are_exact()
    {
        const int Sent = 2000;
        using var filtered = _receiver.OpenReader("filtered", new ReaderFilter { Types = [(MessageType)2] });
        using var empty = _receiver.OpenReader("empty", new ReaderFilter { SourcePorts = [1] });
        Send(1, Sent, 600);
        Send(2, Sent, 600);

        Assert.All(_receiver.ReadReaderStatistics(), counted =>
        {
            Assert.Equal((2 * Sent, 2 * Sent), (counted.Valid, counted.Offered));
            Assert.Equal(counted.Offered, counted.Delivered + counted.Filtered + counted.Lost);
        });
        var statistics = _receiver.ReadReaderStatistics();
        Assert.True(statistics[0].Lost > statistics[1].Lost && statistics[1].Lost > 0);
        Assert.Equal((Sent, 2 * Sent, 0), (statistics[1].Filtered, statistics[2].Filtered, statistics[2].Lost));
        Assert.Equal(statistics[1].Delivered, Drain(filtered).Count);

        // Each CPU tells of its own losses, with its next message.
        var told = 0L;
        for (var more = 0; told < statistics[1].Lost && more < 1000; more++)
        {
            Send(2, 1);
            told += Drain(filtered).Single().LostBefore;
        }

        Assert.Equal(statistics[1].Lost, told);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Rejected_packets_come_with_their_reason_and_stand_outside_the_sums()
    {
        _receiver.SetFilter(Receiver.DefaultReader, new ReaderFilter { IncludeRejected = true, Types = [(MessageType)1] });
        Send(1, 1);
        SendBytes([0xBA, 0xD0, 1, 1, 0, 3, 0x1b, (byte)'[', (byte)'m']);
        SendBytes([0xCA, 0xFE]);
        SendBytes([0xCA, 0xFE, 1, 1, 0, 99, .. new byte[50]]);
        SendBytes([0xCA, 0xFE, 2, 1, 0, 1, .. new byte[500]]);
        Send(2, 1);

        var read = new List<string>();
        using (var reader = _receiver.OpenReader())
        {
            while (reader.TryRead(out var message, out var rejected))
            {
                read.Add(message?.ToString().Split(',')[0] ?? $"{rejected!.Reason} {rejected.Length} {rejected.LeadingBytes.Length} {rejected.SourceAddress} {rejected.DestinationPort} {rejected.Interface}");
                Assert.True(rejected is null || (rejected.Timestamp - DateTimeOffset.Now).Duration() < TimeSpan.FromMinutes(1));
            }
        }

        Assert.Equal(
            ["Request", "BadMagic 9 9 192.0.2.1 12345 veth1", "Truncated 2 2 192.0.2.1 12345 veth1", "BadLength 56 56 192.0.2.1 12345 veth1", "BadVersion 506 128 192.0.2.1 12345 veth1"],
            read);
        var counted = _receiver.ReadStatistics();
        Assert.Equal((6, 2, 4), (counted.Seen, counted.Valid, counted.RejectedDelivered));
        Assert.Equal((2, 1, 1, 0, 0), (counted.Offered, counted.Delivered, counted.Filtered, counted.Lost, counted.RejectedLost));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Readers_of_messages_pass_over_rejected_packets()
    {
        _receiver.SetFilter(Receiver.DefaultReader, new ReaderFilter { IncludeRejected = true });
        SendBytes([1, 2, 3]);
        Send(1, 1);
        SendBytes([1, 2, 3]);
        Send(2, 1);
        using var reader = MergedReader.Open([_receiver]);
        Assert.Equal(1, (int)reader.Read(s_patience)!.Type);
        Assert.Equal(2, (int)reader.Read(s_patience)!.Type);
        Send(3, 1);
        reader.Dispose();
        using var borrowing = _receiver.OpenReader("other");
        SendBytes([1]);
        Send(4, 1);
        var types = new List<int>();
        foreach (var record in borrowing.Borrow())
        {
            types.Add((int)record.Type);
        }

        Assert.Equal([4], types);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Filter_is_changed_a_thousand_times_under_traffic_and_each_message_is_counted_once()
    {
        const int Changes = 1000;
        using var reader = _receiver.OpenReader();
        using var done = new CancellationTokenSource();
        var sending = _network.Start(TestNetwork.Left, () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), ProtocolDefinition.Default.Ports[0]);
            var sent = 0L;
            while (!done.IsCancellationRequested)
            {
                socket.Send([0xCA, 0xFE, 1, (byte)(1 + (sent & 1)), 0, 0]);
                if ((++sent & 63) == 0)
                {
                    // Paces the traffic; nothing is waited for.
                    Thread.Sleep(1);
                }
            }

            return sent;
        });
        var reading = Task.Run(() =>
        {
            var read = 0L;
            while (reader.Read(TimeSpan.FromSeconds(done.IsCancellationRequested ? 0 : 1)) is { } message || !done.IsCancellationRequested)
            {
                read++;
            }

            return read;
        });
        ReaderFilter[] filters = [new() { Types = [(MessageType)1] }, ReaderFilter.None, new() { Types = [(MessageType)2], Sample = 3 }, new() { SourcePorts = [9] }];
        var before = _receiver.ReadStatistics();
        for (var change = 0; change < Changes; change++)
        {
            _receiver.SetFilter(Receiver.DefaultReader, filters[change % filters.Length]);
            var now = _receiver.ReadStatistics();
            Assert.True(now.Offered >= before.Offered && now.Delivered >= before.Delivered && now.Filtered >= before.Filtered && now.Lost >= before.Lost);
            before = now;
        }

        done.Cancel();
        var sent = sending.Result;
        Assert.True(sending.Wait(s_patience) && reading.Wait(s_patience));
        var counted = _receiver.ReadStatistics();
        Assert.Equal((sent, sent), (counted.Valid, counted.Offered));

        // On a busy machine the reader may not come to it in time, and then the ring is full.
        Assert.Equal(sent, counted.Delivered + counted.Filtered + counted.Lost);
        Assert.Equal(counted.Delivered, reading.Result + Drain(reader).Count);
        Assert.True(counted.Delivered > Changes && counted.Filtered > Changes, $"{counted}");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Wall_clock_is_read_in_the_kernel_when_the_packet_comes_and_not_when_it_is_read()
    {
        const long Second = 1_000_000_000;
        var ahead = (long)Math.Round((Libc.ReadClock(Libc.CLOCK_TAI) - Libc.ReadClock(Libc.CLOCK_REALTIME)) / (double)Second) * Second;
        var before = Libc.ReadClock(Libc.CLOCK_TAI) - ahead;
        Send(1, 1);
        var after = Libc.ReadClock(Libc.CLOCK_TAI) - ahead;

        // What the reader knows of the clocks is newer than the message.
        using var reader = _receiver.OpenReader();
        var message = Drain(reader).Single();
        Assert.Equal(TimestampSource.Tai, message.TimestampSource);
        Assert.InRange(message.Packet.UnixNanoseconds, before, after);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Other_processes_find_the_readers_of_a_persistent_program()
    {
        _receiver.Unregister();
        var mine = _receiver = Register(persist: true);
        try
        {
            // Taken up as another process would, from the pins alone.
            using var theirs = ReceiverRegistration.Adopt(mine.ProgramId);
            mine.AddReader("kept");
            mine.SetFilter("kept", new ReaderFilter { Types = [(MessageType)2] });
            Assert.Equal(["default", "kept"], theirs.Readers);
            Send(1, 2);
            Send(2, 1);
            using (var reader = theirs.OpenReader("kept"))
            {
                Assert.Equal([2], Drain(reader).Select(message => (int)message.Type));
                Assert.Equal("ReaderBusy", Assert.Throws<CustomProtoException>(() => mine.OpenReader("kept")).ErrorId);
            }

            var temporary = theirs.OpenReader("temporary", new ReaderFilter { IncludeRejected = true, SourcePorts = [1] });
            Assert.Equal(["default", "kept", "temporary"], mine.Readers);
            Assert.Equal(["ring", "ring_1", "ring_2"], Directory.EnumerateFiles(ReceiverPins.Folder(mine.ProgramId), "ring*").Select(Path.GetFileName).Where(name => name != "rings").Order());

            // Closing the receiver ends its readers as if they had been closed.
            theirs.Dispose();
            Assert.Equal(["default", "kept"], mine.Readers);
            temporary.Dispose();
            mine.RemoveReader("kept");
            Assert.Equal(["default"], mine.Readers);
            Assert.False(File.Exists(ReceiverPins.RingPath(mine.ProgramId, 1)));
        }
        finally
        {
            mine.Unregister();
        }


    }

    static List<CustomMessage> Drain(MessageReader reader)
    {
        var messages = new List<CustomMessage>();
        while (reader.TryRead(out var message))
        {
            messages.Add(message);
        }

        return messages;
    }

    T[] Statistics<T>(Func<ReceiveStatistics, T> select) => [.. _receiver.ReadReaderStatistics().Select(select)];

    Receiver Register(bool persist) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(TestNetwork.Right),
        RingSize = ReceiverOptions.MinRingSize,
        MatchAction = MatchAction.Drop,
        Persist = persist,
    }));

    void Send(byte type, int count, int length = 4) => SendBytes([0xCA, 0xFE, 1, type, (byte)(length >> 8), (byte)length, .. new byte[length]], count);

    /// <summary>Sends, and waits until the program has seen all of it.</summary>
    void SendBytes(byte[] payload, int count = 1)
    {
        var before = _receiver.ReadStatistics().Seen;
        _network.Run(TestNetwork.Left, () => Send(payload, count));
        Assert.True(SpinWait.SpinUntil(() => _receiver.ReadStatistics().Seen == before + count, s_patience));
    }

    static void Send(byte[] payload, int count)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), ProtocolDefinition.Default.Ports[0]);
        for (var i = 0; i < count; i++)
        {
            socket.Send(payload);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>
/// Receive times of the card: veth has the driver's side of it and no clock, so the program runs and every time is the kernel's. What a stamp is
/// made of is tested without the kernel.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class HardwareTimeTests : IDisposable
{
    const int SO_TIMESTAMPING = 37;
    const int SOF_TIMESTAMPING_TX_HARDWARE_AND_RAW_HARDWARE = 1 | 64;

    static readonly string s_right = TestNetwork.InterfaceName(TestNetwork.Right);
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Auto, false)]
    [InlineData(AttachMode.Native, false)]
    [InlineData(AttachMode.Auto, true)]
    public void Messages_without_a_stamp_have_the_time_of_the_kernel_and_never_1970(AttachMode mode, bool senderAsks)
    {
        using var receiver = Register(mode);
        Assert.Equal(XdpMode.Native, receiver.Mode);
        Assert.Contains(receiver.Notices, notice => notice.StartsWith($"'{s_right}' is no card", StringComparison.Ordinal));
        using var reader = receiver.OpenReader();
        var before = DateTimeOffset.UtcNow;

        Send(senderAsks);

        var message = reader.Read(s_patience)!;
        Assert.Equal(("stamp", TimestampSource.Tai), (message.Text, message.TimestampSource));
        Assert.Null(message.HardwareNanoseconds);
        Assert.InRange(message.Timestamp, before.AddMilliseconds(-1), DateTimeOffset.UtcNow.AddMilliseconds(1));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Program_that_asks_counts_answers_drops_and_is_copied_like_any_other()
    {
        using var receiver = Register(AttachMode.Native);
        using var named = receiver.OpenReader("named", new ReaderFilter { Types = [MessageType.Response] });
        Send(false);
        using var reader = receiver.OpenReader();
        Assert.Equal("stamp", reader.Read(s_patience)!.Text);
        Assert.False(named.TryRead(out _));
        var counted = receiver.ReadStatistics();
        Assert.Equal((1, 1, 1), (counted.Seen, counted.Valid, counted.Delivered));

        using var copy = TestReceiver.Load(receiver);
        Assert.Equal(XdpVerdict.Pass, copy.Run(new byte[14]).Verdict);
        Assert.Equal(1, receiver.ReadStatistics().Seen);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Persistent_program_is_taken_up_from_its_pins()
    {
        var mine = Register(AttachMode.Native, persist: true);
        try
        {
            using var theirs = ReceiverRegistration.Adopt(mine.ProgramId);
            using var reader = theirs.OpenReader();
            Send(false);
            Assert.Equal("stamp", reader.Read(s_patience)!.Text);
        }
        finally
        {
            mine.Unregister();
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Generic_mode_loopback_and_drivers_without_the_time_are_refused_with_the_reason()
    {
        Assert.Contains("in generic mode the program can't ask the driver", Refuse(new ReceiverOptions { Interface = s_right, Mode = AttachMode.Generic }), StringComparison.Ordinal);
        Assert.Contains("it has no native mode", Refuse(new ReceiverOptions { Interface = "lo" }), StringComparison.Ordinal);
        Assert.Contains("only a program at XDP", Refuse(new ReceiverOptions { Interface = s_right, AttachPoint = AttachPoint.TcIngress }), StringComparison.Ordinal);

        // A tap device has native mode, and nothing to tell of a packet.
        _network.Ip(TestNetwork.Right, "tuntap add dev tap0 mode tap");
        Assert.Contains("its driver has none for XDP programs", Refuse(new ReceiverOptions { Interface = "tap0" }), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Support_report_says_which_drivers_have_it()
    {
        _network.Ip(TestNetwork.Right, "tuntap add dev tap0 mode tap");
        Assert.Equal(SupportStatus.Supported, Support(s_right).Status);
        Assert.Equal((SupportStatus.Unsupported, "The driver tells XDP programs none."), (Support("tap0").Status, Support("tap0").Detail));
        Assert.Equal(SupportStatus.Unsupported, Support("lo").Status);
    }

    string Refuse(ReceiverOptions options)
    {
        var refused = Assert.Throws<CustomProtoException>(() => _network.Run(TestNetwork.Right, () => Receiver.Register(options with { HardwareTimestamp = true })));
        Assert.Equal((FailureKind.Unsupported, "HardwareTimestampUnsupported"), (refused.Kind, refused.ErrorId));
        Assert.Contains("leave out -HardwareTimestamp", refused.Message, StringComparison.OrdinalIgnoreCase);
        return refused.Message;
    }

    SupportRow Support(string name) => _network.Run(
        TestNetwork.Right, () => SupportReport.ReadInterface(NetworkLinks.Get(name)).Single(row => row.Name == "Hardware time"));

    Receiver Register(AttachMode mode, bool persist = false) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = s_right,
        Mode = mode,
        MatchAction = MatchAction.Drop,
        HardwareTimestamp = true,
        Persist = persist,
    }));

    void Send(bool asks) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        if (asks)
        {
            socket.SetRawSocketOption(1, SO_TIMESTAMPING, BitConverter.GetBytes(SOF_TIMESTAMPING_TX_HARDWARE_AND_RAW_HARDWARE));
        }

        socket.SendTo([0xCA, 0xFE, 1, 1, 0, 5, .. "stamp"u8], new IPEndPoint(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345));
    });
}

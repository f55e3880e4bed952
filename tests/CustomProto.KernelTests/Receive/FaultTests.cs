using System.Net;
using System.Net.Sockets;
using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>What ends a stream from outside: every time one error that says what happened, after all that was recorded before.</summary>
[Collection(KernelSuite.Name)]
public sealed class FaultTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly string _interface = TestNetwork.InterfaceName(TestNetwork.Right);
    readonly Receiver _receiver;

    public FaultTests() => _receiver = Register(ForeignProgram.Keep);

    public void Dispose()
    {
        _receiver.Dispose();
        _network.Dispose();
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("down", "InterfaceDown", "switched off")]
    [InlineData("delete", "InterfaceGone", "deleted")]
    [InlineData("move", "InterfaceMoved", "another network namespace")]
    [InlineData("detach", "ProgramDetached", "detached by somebody else")]
    [InlineData("replace", "ProgramDetached", "put in its place")]
    public void A_reader_that_waits_is_told(string fault, string errorId, string message)
    {
        using var reader = _receiver.OpenReader();
        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(1)));
        var waiting = Task.Run(() => Assert.Throws<CustomProtoException>(() => reader.Read(s_patience)));

        using var other = Cause(fault);

        Assert.True(waiting.Wait(s_patience), "The reader waits on.");
        var failure = waiting.Result;
        Assert.Equal((FailureKind.Gone, errorId), (failure.Kind, failure.ErrorId));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Contains(_interface, failure.Message, StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("down")]
    [InlineData("delete")]
    [InlineData("move")]
    [InlineData("detach")]
    public void What_was_recorded_before_comes_first_and_a_late_reader_is_told_too(string fault)
    {
        using var early = _receiver.OpenReader();
        Assert.Null(early.Read(TimeSpan.FromMilliseconds(1)));
        Send("one");
        Send("two");
        Assert.True(SpinWait.SpinUntil(() => _receiver.ReadStatistics().Delivered == 2, s_patience));
        using var other = Cause(fault);

        Assert.Equal("one", early.Read(s_patience)!.Text);
        Assert.True(early.Wait(s_patience));
        foreach (var record in early.Borrow())
        {
            Assert.Equal(3, record.Length);
            break;
        }

        var first = Assert.Throws<CustomProtoException>(() => early.Read(s_patience));
        Assert.Equal(FailureKind.Gone, first.Kind);
        Assert.True(early.Wait(s_patience));
        Assert.Throws<CustomProtoException>(() => early.TryRead(out _));
        early.Dispose();

        // An interface that is off when reading begins may be switched on yet.
        using var late = _receiver.OpenReader();
        if (fault == "down")
        {
            Assert.Null(late.Read(TimeSpan.FromMilliseconds(10)));
            _network.Ip(TestNetwork.Right, $"link set dev {_interface} up");
            _network.WaitUntilRunning(TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left));
            Send("back");
            Assert.Equal("back", late.Read(s_patience)!.Text);
        }
        else
        {
            Assert.Equal(first.ErrorId, Assert.Throws<CustomProtoException>(() => late.Read(s_patience)).ErrorId);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Of_several_receivers_the_others_are_read_on()
    {
        using var loopback = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = "lo", MatchAction = MatchAction.Drop }));
        using var reader = MergedReader.Open([_receiver, loopback]);
        Assert.Null(reader.Read(TimeSpan.FromMilliseconds(1)));
        var waiting = Task.Run(() => Assert.Throws<CustomProtoException>(() => reader.Read(s_patience)));

        using var other = Cause("delete");

        Assert.Equal("InterfaceGone", waiting.Result.ErrorId);
        Assert.Equal(1, reader.Count);
        _network.Run(TestNetwork.Right, () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SendTo([0xCA, 0xFE, 1, 1, 0, 1, 0x78], new IPEndPoint(IPAddress.Loopback, 12345));
        });
        Assert.Equal("x", reader.Read(s_patience)!.Text);
    }

    /// <summary>Does it to the interface, and returns what has to go on for it to last.</summary>
    Receiver? Cause(string fault)
    {
        switch (fault)
        {
            case "down":
                _network.Ip(TestNetwork.Right, $"link set dev {_interface} down");
                return null;
            case "delete":
                _network.Ip(TestNetwork.Right, $"link delete dev {_interface}");
                return null;
            case "move":
                _network.Ip(TestNetwork.Right, $"link set dev {_interface} netns {_network.Path(TestNetwork.Left)}");
                return null;
            case "detach":
                _network.Run(TestNetwork.Right, () => XdpDetach.Detach(NetworkLinks.Get(_interface), XdpMode.Native, _receiver.ProgramId));
                return null;
            default:
                return Register(ForeignProgram.Detach);
        }
    }

    Receiver Register(ForeignProgram foreign) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = _interface,
        MatchAction = MatchAction.Drop,
        ForeignProgram = foreign,
        ForeignProgramId = foreign == ForeignProgram.Keep ? null : _receiver.ProgramId,
    }));

    void Send(string text) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        socket.Send([0xCA, 0xFE, 1, 1, 0, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
    });
}

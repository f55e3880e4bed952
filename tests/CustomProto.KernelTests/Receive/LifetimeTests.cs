using System.Net;
using System.Net.Sockets;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>What ends an attachment, and how one program takes the place of another.</summary>
[Collection(KernelSuite.Name)]
public sealed class LifetimeTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly string _interface = TestNetwork.InterfaceName(TestNetwork.Right);

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Persistent_program_outlives_its_receiver_and_is_taken_up_with_everything_it_had()
    {
        var first = Register(options => options with { Persist = true });
        var id = first.ProgramId;
        Assert.Equal(ProgramLifetime.Persistent, first.Lifetime);
        first.Dispose();
        SendOne("kept");

        var second = Receivers.Find(id)!;
        Assert.NotSame(first, second);
        Assert.Equal((_interface, XdpMode.Native, ProgramLifetime.Persistent, MatchAction.Drop), (second.Interface, second.Mode, second.Lifetime, second.MatchAction));
        using (var reader = second.OpenReader())
        {
            Assert.Equal("kept", reader.Read(s_patience)!.Text);
        }

        Assert.Equal(1, second.ReadStatistics().Valid);
        _network.Run(TestNetwork.Right, second.Unregister);
        Assert.Empty(Link().XdpAttachments);
        Assert.False(File.Exists(ReceiverPins.Path(id, ReceiverPins.About)));
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Pins_are_for_their_owner_only()
    {
        using var receiver = Register(options => options with { Persist = true });
        try
        {
            foreach (var pin in Directory.EnumerateFileSystemEntries("/sys/fs/bpf/customproto", "*", SearchOption.AllDirectories))
            {
                Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(pin) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
            }
        }
        finally
        {
            receiver.Unregister();
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Closing_ends_what_lives_with_the_process()
    {
        var receiver = Register();
        Assert.Equal(ProgramLifetime.Process, receiver.Lifetime);
        receiver.Dispose();
        Assert.Empty(Link().XdpAttachments);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Foreign_program_is_detached_and_the_gap_is_told(bool foreignByLink)
    {
        using var foreign = AttachForeign(foreignByLink);
        var refused = Assert.Throws<NativeException>(() => Register());
        Assert.Equal(FailureKind.Busy, refused.Kind);
        Assert.Contains(foreignByLink ? "attached by a BPF link" : "attached through netlink", refused.Message, StringComparison.Ordinal);

        using var receiver = Register(options => options with { ForeignProgram = ForeignProgram.Detach, ForeignProgramId = foreign.Id });

        Assert.Equal(ProgramLifetime.Process, receiver.Lifetime);
        Assert.Contains(receiver.Notices, notice => notice.Contains("ms packets on", StringComparison.Ordinal));
        SendOne("ours");
        Assert.Equal((0, 1), (foreign.Valid, receiver.ReadStatistics().Valid));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true, ProgramLifetime.Process)]
    [InlineData(false, ProgramLifetime.Netlink)]
    public void Exchange_leaves_no_packet_unseen_under_traffic(bool foreignByLink, ProgramLifetime lifetime)
    {
        const int Sent = 200_000;
        using var foreign = AttachForeign(foreignByLink);
        using var half = new ManualResetEventSlim();
        var sending = _network.Start(TestNetwork.Left, () =>
        {
            using var socket = Connect();
            byte[] packet = [0xCA, 0xFE, 1, 1, 0, 0];
            for (var i = 0; i < Sent; i++)
            {
                socket.Send(packet);
                if (i == Sent / 2)
                {
                    half.Set();
                }
            }

            return Sent;
        });
        Assert.True(half.Wait(s_patience));

        using var receiver = Register(options => options with { ForeignProgram = ForeignProgram.Exchange, ForeignProgramId = foreign.Id });
        sending.Wait();

        Assert.Equal(lifetime, receiver.Lifetime);
        Assert.Contains(receiver.Notices, notice => notice.Contains("without a gap", StringComparison.Ordinal));
        Assert.Equal(Sent, foreign.Valid + receiver.ReadStatistics().Valid);
        Assert.InRange(receiver.ReadStatistics().Valid, 1, Sent - 1);
        _network.Run(TestNetwork.Right, receiver.Unregister);
        Assert.Empty(Link().XdpAttachments);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Another_program_than_the_one_agreed_on_stays()
    {
        using var foreign = AttachForeign(byLink: true);
        foreach (var way in new[] { ForeignProgram.Detach, ForeignProgram.Exchange })
        {
            var refused = Assert.Throws<CustomProtoException>(() => Register(options => options with { ForeignProgram = way, ForeignProgramId = foreign.Id + 100_000 }));
            Assert.Equal((FailureKind.Busy, "ForeignProgramChanged"), (refused.Kind, refused.ErrorId));
        }

        Assert.Equal(foreign.Id, Assert.Single(Link().XdpAttachments).ProgramId);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Foreign_program_can_be_detached_and_only_while_it_is_the_one(bool foreignByLink)
    {
        using var foreign = AttachForeign(foreignByLink);
        var link = Link();
        _network.Run(TestNetwork.Right, () => XdpDetach.Detach(link, XdpMode.Native, foreign.Id));
        Assert.Empty(Link().XdpAttachments);

        using var receiver = Register();
        var refused = Assert.ThrowsAny<CustomProtoException>(() => _network.Run(TestNetwork.Right, () => XdpDetach.Detach(link, XdpMode.Native, foreign.Id)));
        Assert.Equal(FailureKind.Busy, refused.Kind);
        Assert.Equal(receiver.ProgramId, Assert.Single(Link().XdpAttachments).ProgramId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Action_changes_on_the_running_program()
    {
        using var listener = _network.Run(TestNetwork.Right, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)s_patience.TotalMilliseconds };
            socket.Bind(new IPEndPoint(IPAddress.Any, 12345));
            return socket;
        });
        using var receiver = Register();
        var id = receiver.ProgramId;
        SendOne("dropped");
        receiver.MatchAction = MatchAction.Pass;
        SendOne("passed");

        var buffer = new byte[100];
        Assert.Equal("passed"u8.ToArray(), buffer[6..listener.Receive(buffer)]);
        Assert.Equal((MatchAction.Pass, id, id), (receiver.MatchAction, receiver.ProgramId, Assert.Single(Link().XdpAttachments).ProgramId));
    }

    Receiver Register(Func<ReceiverOptions, ReceiverOptions>? change = null) => _network.Run(TestNetwork.Right, () =>
    {
        var options = new ReceiverOptions { Interface = _interface, MatchAction = MatchAction.Drop };
        return Receiver.Register(change?.Invoke(options) ?? options);
    });

    Foreign AttachForeign(bool byLink) => _network.Run(TestNetwork.Right, () => new Foreign(Link(), byLink));

    NetworkLink Link() => _network.Run(TestNetwork.Right, () => NetworkLinks.Get(_interface));

    void SendOne(string text) => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = Connect();
        socket.Send([0xCA, 0xFE, 1, 1, 0, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
    });

    static Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        return socket;
    }

    /// <summary>A program that no receiver of this process knows: attached by hand, and it counts what it sees.</summary>
    sealed class Foreign : IDisposable
    {
        readonly ReceiverProgram _program;
        readonly AttachedProgram _attachment;

        internal Foreign(NetworkLink link, bool byLink)
        {
            _program = ReceiverProgram.Load(new ReceiverOptions { Interface = link.Name, MatchAction = MatchAction.Drop });
            if (byLink)
            {
                Assert.Equal(0, XdpLink.TryAttach(_program.Program, link.Index, XdpFlags.DriverMode, out var attached));
                _attachment = attached!;
            }
            else
            {
                var attached = new NetlinkAttachment(link.Index, XdpFlags.DriverMode, _program.Program.Descriptor.Duplicate("foreign"));
                Assert.Equal(0, attached.TryAttach());
                _attachment = attached;
            }
        }

        internal uint Id => _program.Program.Info.Id;

        internal long Valid => _program.ReadCounters().Sum(cpu => (long)cpu.Valid);

        public void Dispose()
        {
            _attachment.Dispose();
            _program.Dispose();
        }
    }
}

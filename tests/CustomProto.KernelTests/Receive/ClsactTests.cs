using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>The receiver at tc as on a kernel without links there (before Linux 6.6): a filter of clsact.</summary>
[Collection(KernelSuite.Name)]
public sealed class ClsactTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    static readonly byte[] s_hello = [0xCA, 0xFE, 1, 1, 0, 5, .. "Hello"u8];

    readonly TestNetwork _network = new(permanentNeighbours: true);

    static string Interface => TestNetwork.InterfaceName(TestNetwork.Right);

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf)]
    public void Messages_are_read_and_nothing_stays()
    {
        using (var receiver = Register())
        using (var reader = receiver.OpenReader())
        {
            Send();
            Assert.Equal("Hello", reader.Read(s_patience)!.Text);
            Assert.Single(receiver.Notices, notice => notice.Contains("clsact", StringComparison.Ordinal));
            Assert.Equal(ProgramLifetime.Process, receiver.Lifetime);

            var program = Assert.Single(List());
            Assert.Equal((TcMode.Clsact, PacketDirection.Ingress, ProgramLifetime.Process), (program.Mode, program.Direction, program.Lifetime));
            Assert.Equal((receiver.ProgramId, "cp_tc", null), (program.Id, program.Name, program.LinkId));
            Assert.Equal(Environment.ProcessId, Assert.Single(program.Owners!).Id);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"id {receiver.ProgramId} "), Filters(), StringComparison.Ordinal);
            Assert.Same(receiver, Assert.Single(_network.Run(TestNetwork.Right, () => Receivers.On([NetworkLinks.Get(Interface)]))));
        }

        Assert.Equal("", Filters());
        Assert.DoesNotContain("clsact", Tc("qdisc show"), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_filter_follows_those_that_are_there_and_leaves_their_qdisc()
    {
        using var first = Register();
        using (var second = Register(MatchAction.Drop))
        {
            Send();
            Assert.Equal([first.ProgramId, second.ProgramId], List().Select(program => program.Id));
            Assert.Equal((1, 1), (first.ReadStatistics().Valid, second.ReadStatistics().Valid));
            second.Unregister();
        }

        Assert.Equal(first.ProgramId, Assert.Single(List()).Id);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_filter_that_somebody_removes_ends_the_stream()
    {
        using var receiver = Register();
        using var reader = receiver.OpenReader();
        Tc($"filter del dev {Interface} ingress");

        var failure = Assert.Throws<CustomProtoException>(() => reader.Read(s_patience));
        Assert.Equal((FailureKind.Gone, "ProgramDetached"), (failure.Kind, failure.ErrorId));
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void A_persistent_filter_is_taken_up_and_unregistered()
    {
        uint id;
        using (var receiver = Register(persist: true))
        {
            id = receiver.ProgramId;
            Assert.DoesNotContain(receiver.Notices, notice => notice.Contains("clsact", StringComparison.Ordinal));
            Assert.Equal(ProgramLifetime.Persistent, receiver.Lifetime);
        }

        Assert.Equal(ProgramLifetime.Persistent, Assert.Single(List()).Lifetime);
        Send();
        _network.Run(TestNetwork.Right, () =>
        {
            using var adopted = Receivers.Find(id)!;
            Assert.Equal(1, adopted.ReadStatistics().Valid);
            adopted.Unregister();
        });
        Assert.Empty(List());
        Assert.Null(Receivers.Find(id));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_an_ended_process_has_left_is_removed()
    {
        using var process = Process.Start("sleep", "100");
        var owner = FilterOwner.Of(process.Id)!.Value;
        using var receiver = Register();
        using var program = KernelObjects.OpenProgram(receiver.ProgramId);
        _network.Run(TestNetwork.Right, () =>
        {
            using var socket = new NetlinkSocket();
            TcFilters.Add(socket, NetworkLinks.Get(Interface), AttachPoint.TcEgress, program.DangerousGetHandle().ToInt32(), owner.ToString());
        });

        RemoveOrphans();
        Assert.Equal([PacketDirection.Ingress, PacketDirection.Egress], List().Select(one => one.Direction));

        process.Kill();
        process.WaitForExit();
        RemoveOrphans();
        Assert.Equal(PacketDirection.Ingress, Assert.Single(List()).Direction);

        void RemoveOrphans() => _network.Run(TestNetwork.Right, () => TcInventory.RemoveOrphans([NetworkLinks.Get(Interface)]));
    }

    [Theory]
    [InlineData("stranger")]
    [InlineData("customproto/pid:[1]/x/5")]
    [InlineData("customproto/1/2")]
    [InlineData(null)]
    public void Names_of_others_name_no_process(string? name)
    {
        Assert.False(FilterOwner.TryParse(name, out _));
        Assert.False(FilterOwner.IsOurs(name));
    }

    [Fact]
    public void A_process_elsewhere_is_never_said_to_have_ended()
    {
        Assert.False(FilterOwner.Current.HasEnded);
        Assert.True((FilterOwner.Current with { StartTime = "1" }).HasEnded);
        Assert.False((FilterOwner.Current with { StartTime = "1", PidNamespace = "pid:[1]" }).HasEnded);
        Assert.True(FilterOwner.TryParse(FilterOwner.Current.ToString(), out var parsed));
        Assert.Equal(FilterOwner.Current, parsed);
    }

    Receiver Register(MatchAction action = MatchAction.Pass, bool persist = false) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = Interface,
        AttachPoint = AttachPoint.TcIngress,
        MatchAction = action,
        Persist = persist,
        WithoutTcx = true,
    }));

    IReadOnlyList<TcProgram> List() => _network.Run(TestNetwork.Right, () => TcInventory.List([NetworkLinks.Get(Interface)]));

    string Filters() => Tc($"filter show dev {Interface} ingress");

    string Tc(string arguments) => _network.Execute(TestNetwork.Right, "tc", arguments);

    void Send() => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        socket.Send(s_hello);
    });
}

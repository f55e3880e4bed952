using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Programs;

/// <summary>What is attached, judged by what bpftool says of the same programs.</summary>
[Collection(KernelSuite.Name)]
public sealed class InventoryTests : IDisposable
{
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly string _interface = TestNetwork.InterfaceName(TestNetwork.Right);

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf)]
    public void Program_is_described_as_bpftool_describes_it()
    {
        using var receiver = Register();
        var program = Assert.Single(List());
        var theirs = Bpftool($"prog show id {receiver.ProgramId}");
        var links = Bpftool("link show").EnumerateArray().Single(link => link.GetProperty("prog_id").GetUInt32() == receiver.ProgramId);

        Assert.Equal((_interface, XdpMode.Native, receiver.ProgramId), (program.Interface, program.Mode, program.Id));
        Assert.Equal(theirs.GetProperty("name").GetString(), program.Name);
        Assert.Equal(theirs.GetProperty("tag").GetString(), program.Tag);
        Assert.Equal(theirs.GetProperty("map_ids").EnumerateArray().Select(id => id.GetUInt32()), program.MapIds!);
        Assert.InRange(program.LoadTime!.Value.ToUnixTimeSeconds() - theirs.GetProperty("loaded_at").GetInt64(), -1, 1);
        Assert.Equal(links.GetProperty("id").GetUInt32(), program.LinkId);
        Assert.Equal((ProgramLifetime.Process, null), (program.Lifetime, program.PinnedPath));
        Assert.Equal(Environment.ProcessId, Assert.Single(program.Owners!).Id);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Pinned_program_is_persistent_and_says_where()
    {
        using var receiver = Register(persist: true);
        try
        {
            var program = Assert.Single(List());
            Assert.Equal(ProgramLifetime.Persistent, program.Lifetime);
            Assert.StartsWith("/sys/fs/bpf/customproto/", program.PinnedPath, StringComparison.Ordinal);
        }
        finally
        {
            receiver.Unregister();
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Program_attached_through_netlink_belongs_to_no_process()
    {
        using var program = ReceiverProgram.Load(new ReceiverOptions { Interface = _interface, MatchAction = MatchAction.Drop });
        _network.Run(TestNetwork.Right, () =>
        {
            using var attached = new NetlinkAttachment(NetworkLinks.Get(_interface).Index, XdpFlags.SkbMode, program.Program.Descriptor.Duplicate("test"));
            Assert.Equal(0, attached.TryAttach());
        });

        var found = Assert.Single(List());
        Assert.Equal((XdpMode.Generic, ProgramLifetime.Netlink, null), (found.Mode, found.Lifetime, found.LinkId));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Program_attached_in_another_namespace_is_among_the_others()
    {
        using var receiver = Register();
        Assert.DoesNotContain(_network.Run(TestNetwork.Right, () => ProgramInventory.ListOthers(NetworkLinks.List())), program => program.Id == receiver.ProgramId);
        var elsewhere = _network.Run(TestNetwork.Left, () => ProgramInventory.ListOthers(NetworkLinks.List())).Single(program => program.Id == receiver.ProgramId);
        Assert.Equal((null, 0, "cp_receive"), (elsewhere.Interface, elsewhere.InterfaceIndex, elsewhere.Name));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Measuring_counts_the_runs_of_its_time_and_switches_itself_off()
    {
        using var receiver = Register();
        using var stop = new CancellationTokenSource();
        var measuring = Task.Run(() => ProgramInventory.Measure(List(), TimeSpan.FromMinutes(1), stop.Token));

        // Statistics count nothing before they are on: send until they do.
        while (KernelObjects.ReadProgram(receiver.ProgramId).RunCount < 100)
        {
            SendOne();
        }

        stop.Cancel();

        var measured = Assert.Single(measuring.Result);
        Assert.InRange(measured.RunCount!.Value, 1, 1_000_000);
        Assert.InRange(measured.NanosecondsPerRun!.Value, 1, 1_000_000);

        // A packet under way when measuring ended is counted when its run ends, and another process may measure for a moment.
        Assert.True(SpinWait.SpinUntil(() => RunsCountedForOne(receiver) == 0, TimeSpan.FromSeconds(10)));
    }

    long RunsCountedForOne(Receiver receiver)
    {
        var seen = receiver.ReadStatistics().Seen;
        var before = KernelObjects.ReadProgram(receiver.ProgramId).RunCount;
        SendOne();
        Assert.True(SpinWait.SpinUntil(() => receiver.ReadStatistics().Seen > seen, TimeSpan.FromSeconds(10)));
        return KernelObjects.ReadProgram(receiver.ProgramId).RunCount - before;
    }

    void SendOne() => _network.Run(TestNetwork.Left, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        socket.Send([0xCA, 0xFE, 1, 1, 0, 0]);
    });

    IReadOnlyList<XdpProgram> List() => _network.Run(TestNetwork.Right, () => ProgramInventory.List(NetworkLinks.List()));

    Receiver Register(bool persist = false) => _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = _interface,
        MatchAction = MatchAction.Drop,
        Persist = persist,
    }));

    JsonElement Bpftool(string arguments) =>
        JsonDocument.Parse(_network.Execute(TestNetwork.Right, "bpftool", string.Create(CultureInfo.InvariantCulture, $"-j {arguments}"))).RootElement;
}

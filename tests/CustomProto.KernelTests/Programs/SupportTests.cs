using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Programs;

/// <summary>The support report on interfaces of a private network.</summary>
[Collection(KernelSuite.Name)]
public sealed class SupportTests : IDisposable
{
    static readonly string s_left = TestNetwork.InterfaceName(TestNetwork.Left);
    static readonly string s_right = TestNetwork.InterfaceName(TestNetwork.Right);

    readonly TestNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf)]
    public void Veth_can_do_everything_but_sending_for_XDP_until_its_peer_has_a_program()
    {
        var before = Read(TestNetwork.Left, s_left);
        Assert.Equal((SupportStatus.Supported, "veth, a virtual interface."), (before["Driver"].Status, before["Driver"].Detail));
        Assert.Equal(SupportStatus.Supported, before["State"].Status);
        Assert.Equal(SupportStatus.Supported, before["Native XDP"].Status);
        Assert.Equal(SupportStatus.Supported, before["MTU"].Status);
        Assert.Equal(SupportStatus.Supported, before["XDP program"].Status);
        Assert.Equal(SupportStatus.Warning, before["XDP transmit"].Status);
        Assert.Contains("in another network namespace", before["XDP transmit"].Detail, StringComparison.Ordinal);

        using var receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = s_right, MatchAction = MatchAction.Drop }));

        Assert.Equal(SupportStatus.Supported, Read(TestNetwork.Left, s_left)["XDP transmit"].Status);
        var held = Read(TestNetwork.Right, s_right)["XDP program"];
        Assert.Equal(SupportStatus.Warning, held.Status);
        Assert.Contains($"cp_receive (id {receiver.ProgramId}, native mode)", held.Detail, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Gro_of_the_peer_lets_it_take_frames_of_XDP_too()
    {
        _network.Execute(TestNetwork.Right, "ethtool", $"-K {s_right} gro on");

        Assert.Equal(SupportStatus.Supported, Read(TestNetwork.Left, s_left)["XDP transmit"].Status);
        var gro = Read(TestNetwork.Right, s_right)["GRO"];
        Assert.Equal((SupportStatus.Supported, "On; native XDP runs before it."), (gro.Status, gro.Detail));
    }

    [KernelFact]
    public void Offloads_are_those_that_ethtool_shows()
    {
        _network.Execute(TestNetwork.Left, "ethtool", $"-K {s_left} rxvlan on");
        Assert.Equal(SupportStatus.Warning, Read(TestNetwork.Left, s_left)["VLAN offload"].Status);
        _network.Execute(TestNetwork.Left, "ethtool", $"-K {s_left} rxvlan off");
        Assert.Equal(SupportStatus.Supported, Read(TestNetwork.Left, s_left)["VLAN offload"].Status);
        Assert.Equal(SupportStatus.Supported, Read(TestNetwork.Left, s_left)["LRO"].Status);
    }

    [KernelFact]
    public void Peer_in_the_same_namespace_is_named()
    {
        _network.Ip(TestNetwork.Left, "link add name here0 type veth peer name here1");
        Assert.Contains("The peer 'here1' has neither", Read(TestNetwork.Left, "here0")["XDP transmit"].Detail, StringComparison.Ordinal);
        var state = Read(TestNetwork.Left, "here0")["State"];
        Assert.Equal((SupportStatus.Warning, "ip link set dev here0 up"), (state.Status, state.Advice));
        _network.Ip(TestNetwork.Left, "link set dev here0 up");
        Assert.Contains("no carrier", Read(TestNetwork.Left, "here0")["State"].Detail, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Tunnel_has_no_Ethernet_header_and_loopback_no_native_mode()
    {
        _network.Ip(TestNetwork.Left, "tuntap add dev tun0 mode tun");
        var tunnel = Read(TestNetwork.Left, "tun0");
        Assert.Equal(SupportStatus.Unsupported, tunnel["Link type"].Status);
        Assert.Contains("hardware type 65534", tunnel["Link type"].Detail, StringComparison.Ordinal);
        Assert.Equal(SupportStatus.Unsupported, Read(TestNetwork.Left, "lo")["Native XDP"].Status);
    }

    [KernelFact]
    public void Without_capabilities_the_rows_say_so_and_the_rest_stays()
    {
        var (host, link) = _network.Run(TestNetwork.Left, () =>
        {
            DropCapabilities();
            return (SupportReport.ReadHost().ToDictionary(row => row.Name), SupportReport.ReadInterface(NetworkLinks.Get(s_left)).ToDictionary(row => row.Name));
        });

        Assert.All((string[])["CAP_BPF", "CAP_NET_ADMIN", "CAP_NET_RAW"], name => Assert.Equal(SupportStatus.Unsupported, host[name].Status));
        Assert.Equal(SupportStatus.Warning, host["CAP_SYS_ADMIN"].Status);
        Assert.All(host.Values.Where(row => row.Name.StartsWith("CAP_", StringComparison.Ordinal)), row => Assert.NotNull(row.Advice));
        Assert.Equal(SupportStatus.Supported, host["libbpf"].Status);
        Assert.Equal(SupportStatus.Supported, link["Native XDP"].Status);
        Assert.Equal(SupportStatus.Supported, link["GRO"].Status);
    }

    /// <summary>Takes all from the calling thread, which runs nothing else afterwards.</summary>
    static unsafe void DropCapabilities()
    {
        var header = new Native.Libc.CapabilityHeader { Version = 0x20080522 };
        var none = stackalloc Native.Libc.CapabilityData[2];
        Assert.Equal(0, Native.Libc.CapSet(&header, none));
    }

    Dictionary<string, SupportRow> Read(int host, string name) =>
        _network.Run(host, () => SupportReport.ReadInterface(NetworkLinks.Get(name))).ToDictionary(row => row.Name);
}

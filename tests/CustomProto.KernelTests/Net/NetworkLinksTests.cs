using CustomProto.Net;

namespace CustomProto.KernelTests.Net;

[Collection(KernelSuite.Name)]
public sealed class NetworkLinksTests : IDisposable
{
    readonly TestNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [KernelFact]
    public void A_veth_interface_is_described()
    {
        var link = Get("veth0");
        var peer = _network.Run(TestNetwork.Right, () => NetworkLinks.Get("veth1"));

        Assert.Equal(("veth", peer.Index, true), (link.Kind, link.PeerIndex, link.PeerIsElsewhere));
        Assert.Equal((true, true, true, false), (link.IsUp, link.IsRunning, link.HasCarrier, link.IsLoopback));
        Assert.Equal((1500, true, "02:00:00:00:00:01"), (link.Mtu, link.HasEthernetHeader, link.Address.ToString()));
        Assert.Empty(link.XdpAttachments);
    }

    [KernelFact]
    public void A_peer_in_the_same_namespace_is_not_elsewhere()
    {
        _network.Ip(TestNetwork.Left, "link add name a mtu 9000 type veth peer name b");

        var link = Get("a");

        Assert.Equal((Get("b").Index, false, 9000), (link.PeerIndex!.Value, link.PeerIsElsewhere, link.Mtu));
        Assert.Equal((false, false), (link.IsUp, link.HasCarrier));
    }

    [KernelFact]
    public void The_list_holds_the_namespaces_interfaces_and_no_others()
    {
        Assert.Equal(["lo", "veth0"], _network.Run(TestNetwork.Left, () => NetworkLinks.List().Select(link => link.Name)));
        Assert.Equal(["lo", "veth1"], _network.Run(TestNetwork.Right, () => NetworkLinks.List().Select(link => link.Name)));
    }

    [KernelFact]
    public void An_unknown_interface_is_named_together_with_the_known_ones()
    {
        var failure = Assert.Throws<CustomProtoException>(() => Get("nosuch0"));

        Assert.Equal(
            "There is no network interface 'nosuch0' in this network namespace. These are there: lo, veth0.", failure.Message);
    }

    [KernelFact]
    public void A_long_list_is_received_whole_and_named_in_part()
    {
        const int Count = 300;
        var commands = string.Concat(Enumerable.Range(0, Count).Select(i => $"link add bridge{i} type bridge\n"));
        _network.Execute(TestNetwork.Left, "ip", "-batch -", commands);

        var links = _network.Run(TestNetwork.Left, NetworkLinks.List);

        Assert.Equal(Count + 2, links.Count);
        Assert.Equal("bridge", links[^1].Kind);
        Assert.Equal(links.Select(link => link.Index).Order(), links.Select(link => link.Index));
        Assert.EndsWith("and 286 more.", Assert.Throws<CustomProtoException>(() => Get("nosuch0")).Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void An_alternative_name_finds_the_interface()
    {
        _network.Ip(TestNetwork.Left, "link property add dev veth0 altname short altname a-name-longer-than-interfaces-have");

        Assert.Equal("veth0", Get("short").Name);
        Assert.Equal("veth0", Get("a-name-longer-than-interfaces-have").Name);
    }

    [KernelFact]
    public void An_interface_without_ethernet_headers_is_known_as_such()
    {
        _network.Ip(TestNetwork.Left, "tuntap add dev tunnel mode tun");

        var link = Get("tunnel");

        Assert.Equal((false, true, "tun"), (link.HasEthernetHeader, link.Address.IsZero, link.Kind));
    }

    [KernelFact]
    public void The_counters_count_each_packet_sent()
    {
        var before = Get("veth0").Statistics;

        // What goes to loopback doesn't count here, what goes to the neighbour does.
        using var sender = _network.Run(TestNetwork.Left, () => new System.Net.Sockets.UdpClient());
        _network.Ip(TestNetwork.Left, "neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev veth0 nud permanent");
        for (var i = 0; i < 10; i++)
        {
            sender.Send(new byte[100], "192.0.2.9", 9);
        }

        var after = Get("veth0").Statistics;
        Assert.Equal(10u, after.TransmittedPackets - before.TransmittedPackets);
        Assert.Equal(10u * (14 + 20 + 8 + 100), after.TransmittedBytes - before.TransmittedBytes);
        Assert.Equal((0ul, 0ul), (after.TransmitErrors, after.TransmitDropped));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("xdpgeneric", XdpMode.Generic)]
    [InlineData("xdpdrv", XdpMode.Native)]
    public void An_attached_xdp_program_is_seen(string option, XdpMode mode)
    {
        const string Source =
            """
            __attribute__((section("xdp"), used)) int pass(void *ctx) { return 2; }
            char _license[] __attribute__((section("license"), used)) = "GPL";
            """;
        var path = Path.GetTempFileName();
        try
        {
            _network.Execute(TestNetwork.Left, "clang", $"-target bpf -O2 -x c -c - -o {path}", Source);
            _network.Ip(TestNetwork.Left, $"link set dev veth0 {option} obj {path} sec xdp");

            var attachment = Assert.Single(Get("veth0").XdpAttachments);

            Assert.Equal(mode, attachment.Mode);
            var shown = _network.Ip(TestNetwork.Left, "link show dev veth0");
            Assert.Contains($"prog/xdp id {attachment.ProgramId} ", shown, StringComparison.Ordinal);
            Assert.Equal(attachment, Assert.Single(_network.Run(TestNetwork.Left, NetworkLinks.List)[1].XdpAttachments));
        }
        finally
        {
            File.Delete(path);
        }
    }

    NetworkLink Get(string name) => _network.Run(TestNetwork.Left, () => NetworkLinks.Get(name));
}

using System.Net;
using System.Net.Sockets;

namespace CustomProto.KernelTests;

[Collection(KernelSuite.Name)]
public sealed class TestNetworkTests
{
    [KernelFact]
    public void Children_run_inside_the_host()
    {
        using var network = new TestNetwork();

        var links = network.Ip(TestNetwork.Left, "-brief link");

        Assert.Contains("veth0@", links, StringComparison.Ordinal);
        Assert.DoesNotContain("veth1", links, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Path_leads_other_programs_inside()
    {
        using var network = new TestNetwork();

        var links = network.Execute(TestNetwork.Left, "nsenter", $"--net={network.Path(TestNetwork.Right)} ip -brief link");

        Assert.Contains("veth1@", links, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void The_hosts_reach_each_other(string from, string to)
    {
        using var network = new TestNetwork();
        using var receiver = network.Run(TestNetwork.Right, () => new UdpClient(new IPEndPoint(IPAddress.Parse(to), 9)));
        using var sender = network.Run(TestNetwork.Left, () => new UdpClient(new IPEndPoint(IPAddress.Parse(from), 0)));
        receiver.Client.ReceiveTimeout = 5000;

        sender.Send([1, 2, 3], to, 9);

        IPEndPoint? source = null;
        Assert.Equal([1, 2, 3], receiver.Receive(ref source));
        Assert.Equal(IPAddress.Parse(from), source.Address);
    }

    [KernelFact]
    public void An_exception_inside_comes_out()
    {
        using var network = new TestNetwork(hosts: 1);

        Assert.Throws<TimeZoneNotFoundException>(() => network.Run(TestNetwork.Left, () => throw new TimeZoneNotFoundException()));
    }
}

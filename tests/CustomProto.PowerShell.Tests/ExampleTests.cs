using System.Net;
using System.Net.Sockets;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>The scripts of <c>examples/</c>, each in a shell of its own on a host of its own.</summary>
[Collection(KernelSuite.Name)]
public sealed class ExampleTests : ShellTest
{
    static readonly string s_folder = Path.GetFullPath(Path.Combine(Installation.Module, "..", "..", "examples"));

    [ProcessFact(KernelNeed.Bpf)]
    public void Client_gets_the_answers_of_the_service()
    {
        using var service = new ShellProcess(Network, TestNetwork.Right, $"& '{s_folder}/service.ps1' {Veth}");
        service.ReadUntil(Veth);
        using var client = new ShellProcess(Network, TestNetwork.Left, $"& '{s_folder}/client.ps1' {TestNetwork.IPv4(TestNetwork.Right)} 'Hello World'");

        var said = client.Wait();
        service.Signal("INT");
        service.Wait();

        Assert.Contains("HELLO WORLD", said, StringComparison.Ordinal);
        Assert.Contains("5 of 5", said, StringComparison.Ordinal);
        Assert.Empty(Attached());
    }

    [ProcessFact(KernelNeed.Tcx)]
    public void Plain_programs_speak_the_protocol()
    {
        using var left = new ShellProcess(Network, TestNetwork.Left, $"& '{s_folder}/plain-programs.ps1' veth0");
        using var right = new ShellProcess(Network, TestNetwork.Right, $"& '{s_folder}/plain-programs.ps1' veth1");
        left.ReadUntil("Ingress");
        right.ReadUntil("Ingress");
        using var server = Network.Run(TestNetwork.Right, () => new UdpClient(9000));
        using var client = Network.Run(TestNetwork.Left, () => new UdpClient(TestNetwork.IPv4(TestNetwork.Right), 9000));

        client.Send("hello"u8);
        Assert.Equal("Egress: hello", left.ReadUntil("hello"));
        Assert.Equal("Ingress: hello", right.ReadUntil("hello"));
        var from = new IPEndPoint(IPAddress.Any, 0);
        server.Client.ReceiveTimeout = 10_000;
        Assert.Equal("hello"u8.ToArray(), server.Receive(ref from!));
        foreach (var shell in (ShellProcess[])[left, right])
        {
            shell.Signal("INT");
            shell.Wait();
        }
    }
}

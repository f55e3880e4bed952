using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>The service and its client of <c>examples/</c>, each in a shell of its own on a host of its own.</summary>
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
}

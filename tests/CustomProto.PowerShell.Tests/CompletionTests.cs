using System.Management.Automation;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>What the tabulator key offers.</summary>
[Collection(KernelSuite.Name)]
public sealed class CompletionTests : ShellTest
{
    [KernelTheory]
    [InlineData("Register-XdpProgram -Interface ", new[] { "lo", "veth1" })]
    [InlineData("Register-XdpProgram v", new[] { "veth1" })]
    [InlineData("Register-XdpProgram -Mode N", new[] { "Native" })]
    [InlineData("Register-XdpProgram -MatchAction ", new[] { "Drop", "Pass" })]
    [InlineData("Unregister-XdpProgram -Interface l", new[] { "lo" })]
    [InlineData("Get-XdpProgram V", new[] { "veth1" })]
    [InlineData("Get-XdpStatistics -Interface 've", new[] { "veth1" })]
    [InlineData("Get-CustomMessage -Interface v", new[] { "veth1" })]
    [InlineData("Send-CustomPacket 192.0.2.1 -Interface v", new[] { "veth1" })]
    [InlineData("Send-CustomPacket 192.0.2.1 -Type R", new[] { "Request", "Response" })]
    [InlineData("Send-CustomPacket 192.0.2.1 -Type none", new[] { "None" })]
    [InlineData("Send-CustomPacket 192.0.2.1 -Transport R", new[] { "Raw" })]
    [InlineData("Invoke-CustomRequest 192.0.2.1 -Interface v", new[] { "veth1" })]
    [InlineData("Invoke-CustomRequest 192.0.2.1 -ResponseType R", new[] { "Request", "Response" })]
    [InlineData("Test-CustomConnection 192.0.2.1 -Type R", new[] { "Request", "Response" })]
    public void Values_are_offered(string input, string[] expected) => Assert.Equal(expected, Complete(input));

    [KernelFact(KernelNeed.Bpf)]
    public void Ids_of_attached_programs_are_offered()
    {
        Register();
        var id = Assert.Single(Attached()).ProgramId.ToString(System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal([id], Complete("Get-XdpProgram -Id "));
        Assert.Equal([id], Complete($"Unregister-XdpProgram -Id {id}"));
    }

    IEnumerable<string> Complete(string input) =>
        Shell.Run("[Management.Automation.CommandCompletion]::CompleteInput($args[0], $args[0].Length, $null).CompletionMatches", input)
            .WithoutErrors()
            .All<CompletionResult>()
            .Select(match => match.CompletionText)
            .Order(StringComparer.Ordinal);
}

using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Programs;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>Register-XdpProgram -HardwareTimestamp, on interfaces that stamp nothing.</summary>
[Collection(KernelSuite.Name)]
public sealed class HardwareTimeTests : ShellTest
{
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(null)]
    [InlineData("-Force")]
    [InlineData("-Force -NoGap")]
    public void Program_that_asks_the_driver_is_attached_also_in_place_of_another_and_times_are_right(string? force)
    {
        using var foreign = force is null ? null : new ForeignProgram(Network, TestNetwork.Right, Veth);

        var result = Shell.Run($"Register-XdpProgram {Veth} -HardwareTimestamp -MatchAction Drop -Confirm:$false {force}").WithoutErrors();

        Assert.Equal(("cp_receive", Net.XdpMode.Native), (result.Single<XdpProgram>().Name, result.Single<XdpProgram>().Mode));
        Assert.Contains(result.Warnings, warning => warning.StartsWith("'veth1' is no card and stamps nothing", StringComparison.Ordinal));
        Send(MessageType.Request, "time");
        var message = Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors().Single<CustomMessage>();
        Assert.Equal(("time", TimestampSource.Tai, null), (message.Text, message.TimestampSource, message.HardwareNanoseconds));
        Assert.InRange(message.Timestamp, DateTimeOffset.Now.AddSeconds(-30), DateTimeOffset.Now.AddSeconds(1));
        Assert.Equal(SupportStatus.Supported, Shell.Run($"Test-XdpSupport {Veth} | Where-Object Name -eq 'Hardware time'").Single<SupportRow>().Status);
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("lo", "'lo': it has no native mode")]
    [InlineData("lo -WhatIf", "'lo': it has no native mode")]
    [InlineData("veth1 -Mode Generic", "'veth1': in generic mode the program can't ask the driver for them")]
    [InlineData("veth1 -Mode Offload", "'veth1': in offload mode the program can't ask the driver for them")]
    public void What_cannot_tell_is_refused_once_with_the_reason(string parameters, string reason)
    {
        AssertError(
            Shell.Fail($"Register-XdpProgram {parameters} -HardwareTimestamp"), ErrorCategory.NotImplemented, "HardwareTimestampUnsupported", "RegisterXdpProgramCommand", $"Cannot take hardware times on {reason}");
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void WhatIf_has_the_kernel_judge_a_copy()
    {
        Assert.Equal("cp_receive", Shell.Run($"Register-XdpProgram {Veth} -HardwareTimestamp -WhatIf").WithoutErrors().Single<VerificationReport>().Name);
        Assert.Empty(Attached());
    }

    [ProcessFact]
    public void Three_capabilities_are_enough()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "$program = Register-XdpProgram veth1 -MatchAction Drop -HardwareTimestamp; 'ready'; Get-CustomMessage -Count 1 -Timeout 20 | ForEach-Object { \"$($_.Text) $($_.TimestampSource) $($_.Timestamp.Year -gt 2000)\" };"
            + "$program | Unregister-XdpProgram; @(Get-XdpProgram).Count; $Error.Count",
            wrapper: ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+net_raw", "--inh-caps=-all"]);
        shell.ReadUntil("ready");

        Send(MessageType.Request, "question");

        Assert.Equal(["question Tai True", "0", "0"], shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^3..]);
    }
}

using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Programs that change, outlive their shell, or take the place of others.</summary>
[Collection(KernelSuite.Name)]
public sealed class LifetimeTests : ShellTest
{
    [KernelFact(KernelNeed.Bpf)]
    public void Set_changes_the_running_program_and_emits_it()
    {
        Register();
        var before = Shell.Run("$program").Single<XdpProgram>();

        var after = Shell.Run("$program | Set-XdpProgram -MatchAction Pass -Trace -PassThru").WithoutErrors().Single<XdpProgram>();

        Assert.Equal(before.Id, after.Id);
        var receiver = Assert.Single(Receivers.All);
        Assert.Equal((MatchAction.Pass, true), (receiver.MatchAction, receiver.Trace));
        Assert.Equal(before.Id, Shell.Run("$program | Get-XdpProgram").WithoutErrors().Single<XdpProgram>().Id);
        Assert.Empty(Shell.Run($"Set-XdpProgram {Veth} -Trace:$false").WithoutErrors().Output);
        Assert.Equal((MatchAction.Pass, false), (receiver.MatchAction, receiver.Trace));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Set_changes_nothing_with_WhatIf_and_says_what_is_missing()
    {
        Register();
        Shell.Run($"Set-XdpProgram {Veth} -MatchAction Pass -WhatIf").WithoutErrors();
        Assert.Equal(MatchAction.Drop, Assert.Single(Receivers.All).MatchAction);
        AssertError(Shell.Fail("Set-XdpProgram lo -MatchAction Pass"), ErrorCategory.ObjectNotFound, "NotRegistered", "SetXdpProgramCommand", "'lo'");
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Persistent_program_stays_when_its_shell_closes_and_another_reads_from_it()
    {
        Register("-Persist");
        var id = Shell.Run("$program").Single<XdpProgram>().Id;
        Receivers.CloseAll();
        Send(MessageType.Request, "kept");

        using var other = new Shell(Network);
        try
        {
            var program = other.Run("Get-XdpProgram").WithoutErrors().Single<XdpProgram>();
            Assert.Equal((id, ProgramLifetime.Persistent), (program.Id, program.Lifetime));
            Assert.Equal("kept", other.Run("Get-XdpProgram | Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
            Assert.Equal(1, other.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>().Valid);
        }
        finally
        {
            other.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        }

        Assert.Empty(Attached());
        Assert.False(File.Exists(ReceiverPins.Path(id, ReceiverPins.About)));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void WhatIf_has_the_kernel_judge_the_program_and_attaches_nothing()
    {
        var report = Shell.Run($"Register-XdpProgram {Veth} -WhatIf").WithoutErrors().Single<VerificationReport>();
        Assert.True(report.VerifiedInstructions > report.Instructions);
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void WhatIf_of_a_function_is_that_of_the_commands_in_it()
    {
        Shell.Run("function Deploy { [CmdletBinding(SupportsShouldProcess)] param() Register-XdpProgram veth1 -MatchAction Drop }").WithoutErrors();

        Assert.Equal("cp_receive", Shell.Run("Deploy -WhatIf").WithoutErrors().Single<VerificationReport>().Name);
        Assert.Empty(Attached());
    }

    /// <summary>What a program of this process is displaced by is another of this process: nobody asks, and nothing of the first stays.</summary>
    [KernelTheory(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    [InlineData("", "-Force")]
    [InlineData("", "-Force -NoGap")]
    [InlineData("-Persist", "-Force")]
    [InlineData("-Persist", "-Force -NoGap")]
    public void Own_program_that_is_replaced_is_closed_and_leaves_no_pins(string before, string way)
    {
        Register(before);
        var first = Shell.Run("$program").Single<XdpProgram>().Id;
        var refused = Shell.Fail($"Register-XdpProgram {Veth} -MatchAction Drop");
        Assert.Contains($"Unregister-XdpProgram -Interface {Veth} detaches it", refused.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        var second = Shell.Run($"Register-XdpProgram {Veth} -MatchAction Drop {way}").WithoutErrors().Single<XdpProgram>();

        Assert.Equal((second.Id, ProgramLifetime.Process), (Assert.Single(Receivers.All).ProgramId, second.Lifetime));
        Assert.False(File.Exists(ReceiverPins.Path(first, ReceiverPins.About)));
        Assert.DoesNotContain(Shell.Run("Get-XdpProgram -All").WithoutErrors().All<XdpProgram>(), program => program.Id == first);
        Send(MessageType.Request, "new");
        Assert.Equal("new", Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors().Single<CustomMessage>().Text);
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Force", ProgramLifetime.Process, "was detached")]
    [InlineData("-Force -NoGap", ProgramLifetime.Netlink, "without a gap")]
    public void Foreign_program_is_replaced_with_Force_and_what_that_means_is_said(string parameters, ProgramLifetime lifetime, string warning)
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        var result = Shell.Run($"Register-XdpProgram {Veth} -MatchAction Drop -Confirm:$false {parameters}").WithoutErrors();

        var program = result.Single<XdpProgram>();
        Assert.Equal((lifetime, "cp_receive"), (program.Lifetime, program.Name));
        var said = Assert.Single(result.Warnings);
        Assert.Contains($"'{ForeignProgram.Name}'", said, StringComparison.Ordinal);
        Assert.Contains(warning, said, StringComparison.Ordinal);
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Reader 'a b'", ErrorCategory.InvalidArgument, "InvalidReaderName", "'a b'")]
    [InlineData("-Reader audit, audit", ErrorCategory.ResourceExists, "ReaderExists", "two readers 'audit'")]
    [InlineData("-Reader default", ErrorCategory.ResourceExists, "ReaderExists", "two readers 'default'")]
    [InlineData("-Reader 1, 2, 3, 4, 5, 6, 7, 8", ErrorCategory.LimitsExceeded, "TooManyReaders", "8 readers beside 'default'")]
    [InlineData("-RingSize 300000", ErrorCategory.InvalidArgument, "InvalidRingSize", "300000")]
    public void Foreign_program_stays_where_a_parameter_is_wrong(string parameters, ErrorCategory category, string id, string words)
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        var before = Attached();

        AssertError(Shell.Fail($"Register-XdpProgram {Veth} -Force -Confirm:$false {parameters}"), category, id, "RegisterXdpProgramCommand", words);

        Assert.Equal(before, Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Foreign_program_is_not_touched_without_a_confirmation()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        var id = Assert.Single(Attached()).ProgramId;

        // This host can't ask anybody, so asking fails: neither command may take that for a yes, and the script goes on.
        foreach (var command in (string[])["Unregister", "Register"])
        {
            var refused = Shell.Run($"{command}-XdpProgram {Veth} -Force; 'went on'");
            AssertError(Assert.Single(refused.Errors), ErrorCategory.ResourceBusy, "ConfirmationNotPossible", $"{command}XdpProgramCommand", $"id {id} on '{Veth}'");
            Assert.Contains("-Confirm:$false", refused.Errors[0].ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            Assert.Equal("went on", refused.Text);
        }

        Assert.Equal(id, Assert.Single(Attached()).ProgramId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Foreign_program_is_detached_with_Force()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        var gone = Shell.Run($"Unregister-XdpProgram {Veth} -Force -Confirm:$false -PassThru").WithoutErrors().Single<XdpProgram>();

        Assert.Equal(ForeignProgram.Name, gone.Name);
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void All_lists_programs_of_other_namespaces_and_Statistics_measures()
    {
        Register();
        using var elsewhere = new Shell(Network, TestNetwork.Left);
        var id = Assert.Single(Attached()).ProgramId;

        Assert.Empty(elsewhere.Run("Get-XdpProgram").WithoutErrors().Output);
        Assert.Contains(elsewhere.Run("Get-XdpProgram -All").WithoutErrors().All<XdpProgram>(), program => program.Id == id && program.Interface is null);
        Assert.Equal(0, Shell.Run("Get-XdpProgram -Statistics -Duration 0.01").WithoutErrors().Single<XdpProgram>().RunCount);
        Assert.Matches("(?m)^Interface +Mode +Id +Name +Runs +ns/run *$", Shell.Run("Get-XdpProgram -Statistics -Duration 0.01 | Out-String").WithoutErrors().Text);
        Assert.Null(Shell.Run("Get-XdpProgram").WithoutErrors().Single<XdpProgram>().RunCount);

        // Those of two interfaces and all others are measured over the same time: one by one, it would be six seconds.
        var started = System.Diagnostics.Stopwatch.StartNew();
        Assert.InRange(Shell.Run($"Get-XdpProgram {Veth}, {Veth} -All -Statistics -Duration 2").WithoutErrors().All<XdpProgram>().Count(program => program.RunCount is not null), 2, int.MaxValue);
        Assert.InRange(started.Elapsed.TotalSeconds, 2, 5);
    }
}

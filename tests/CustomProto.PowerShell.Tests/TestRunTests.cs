using System.Management.Automation;
using CustomProto.Fixtures;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Test-XdpProgram and Test-XdpSupport.</summary>
[Collection(KernelSuite.Name)]
public sealed class TestRunTests : ShellTest
{
    static readonly CustomMessage s_message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello"u8);
    static readonly byte[] s_frame = FrameEncoder.Encode(s_message);

    [KernelFact(KernelNeed.Bpf)]
    public void Without_frames_the_program_is_verified()
    {
        var report = Shell.Run("Test-XdpProgram").WithoutErrors().Single<VerificationReport>();
        Assert.Equal("cp_receive", report.Name);
        Assert.Empty(Attached());
        Assert.Empty(Shell.Run("@() | Test-XdpProgram").WithoutErrors().Output);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Frames_come_whole_taken_apart_and_as_messages()
    {
        foreach (var script in (string[])[",$args[0] | Test-XdpProgram -MatchAction Drop", "$args[0] | Test-XdpProgram -MatchAction Drop", "Test-XdpProgram $args[0] -MatchAction Drop", "$args[1] | Test-XdpProgram -MatchAction Drop"])
        {
            var report = Shell.Run(script, s_frame, s_message).WithoutErrors().Single<TestRunReport>();
            Assert.Equal((XdpVerdict.Drop, true, RejectReason.None, "Hello"), (report.Verdict, report.Seen, report.Reason, report.Message!.Text));
            Assert.Equal(s_frame, report.Output);
        }

        var both = Shell.Run("$args[0], $args[1] | Test-XdpProgram -Port 99", s_frame, s_message).WithoutErrors().All<TestRunReport>();
        Assert.Equal([false, true], both.Select(report => report.Seen));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_registered_program_lends_its_configuration_and_notices_nothing()
    {
        Register("-Port 99 -VerifyChecksum");

        Assert.Equal("cp_receive", Shell.Run("$program | Test-XdpProgram").WithoutErrors().Single<VerificationReport>().Name);
        Assert.False(Shell.Run("$program | Test-XdpProgram -Frame $args[0]", s_frame).WithoutErrors().Single<TestRunReport>().Seen);
        var frame = FrameEncoder.Encode(s_message, destinationPort: 99);
        Assert.Equal(XdpVerdict.Drop, Shell.Run(",$args[0] | Test-XdpProgram -InputObject $program", frame).WithoutErrors().Single<TestRunReport>().Verdict);
        frame[^1] ^= 1;
        Assert.Equal(RejectReason.BadChecksum, Shell.Run("Test-XdpProgram $args[0] -InputObject $program -Repeat 1000", frame).WithoutErrors().Single<TestRunReport>().Reason);
        Assert.Equal(0, Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>().Seen);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_cannot_be_run_is_one_error_each_and_the_others_go_on()
    {
        var result = Shell.Run("[byte[]]::new(13), $args[0] | Test-XdpProgram", s_frame);

        AssertError(Assert.Single(result.Errors), ErrorCategory.InvalidArgument, "FrameTooShort", "TestXdpProgramCommand", "13 bytes");
        Assert.Equal(XdpVerdict.Pass, result.Single<TestRunReport>().Verdict);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_of_ones_own_is_run_on_frames_and_messages()
    {
        var file = FixtureObjects.Compile("variables");
        Assert.Equal("look", Shell.Run($"Test-XdpProgram -Path {file}").WithoutErrors().Single<VerificationReport>().Name);

        var reports = Shell.Run($"$args[0], $args[1] | Test-XdpProgram -Path {file} -Variable @{{ verdict = 'VERDICT_TX' }} -Repeat 10", s_frame, s_message).WithoutErrors().All<XdpRunReport>();
        Assert.Equal([XdpVerdict.Tx, XdpVerdict.Tx], reports.Select(report => report.Verdict));
        Assert.All(reports, report => Assert.Equal(s_frame, report.Output));
        Assert.All(reports, report => Assert.IsNotType<TestRunReport>(report));

        var changed = Shell.Run($"$args[0] | Test-XdpProgram -Path {FixtureObjects.Compile("jumps")} -ProgramName grow", s_frame).WithoutErrors().Single<XdpRunReport>();
        Assert.Equal(((XdpVerdict)77, s_frame.Length + 116), (changed.Verdict, changed.Output.Length));
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_registered_program_of_ones_own_is_copied_with_its_variables()
    {
        Shell.Run($"$program = Register-XdpProgram {Veth} -Path {FixtureObjects.Compile("variables")} -Variable @{{ verdict = 1 }}").WithoutErrors();

        Assert.Equal("look", Shell.Run("$program | Test-XdpProgram").WithoutErrors().Single<VerificationReport>().Name);
        Assert.Equal(XdpVerdict.Drop, Shell.Run("Get-XdpProgram | Test-XdpProgram -Frame $args[0]", s_frame).WithoutErrors().Single<XdpRunReport>().Verdict);
        Shell.Run("Unregister-XdpProgram -InputObject $program").WithoutErrors();
        AssertError(Shell.Fail("$program | Test-XdpProgram"), ErrorCategory.ObjectNotFound, "ProgramNotFound", "TestXdpProgramCommand", "isn't attached any more");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_with_a_program_of_ones_own_is_one_error_however_many_frames_come()
    {
        Check("-Path /nonexistent.o", ErrorCategory.ObjectNotFound, "ObjectFileNotFound", "There is no file '/nonexistent.o'");
        Check($"-Path {FixtureObjects.Compile("many")}", ErrorCategory.InvalidArgument, "ObjectProgramNotChosen", "has several XDP programs: tail, first, second");
        Check($"-Path {FixtureObjects.Compile("many")} -ProgramName none", ErrorCategory.ObjectNotFound, "ObjectProgramNotFound", "has no program 'none'");
        Check($"-Path {FixtureObjects.Compile("variables")} -Variable @{{ none = 1 }}", ErrorCategory.ObjectNotFound, "VariableNotFound", "has no variable 'none'");
        Check($"-Path {FixtureObjects.Compile("variables")} -Variable @{{ port = 65536 }}", ErrorCategory.InvalidArgument, "VariableOutOfRange", "65536");
        Check($"-Path {FixtureObjects.Compile("refused")}", ErrorCategory.InvalidData, "LoadProgramFailed", "if (data[13] == 6)");

        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        Check("-InputObject (Get-XdpProgram)", ErrorCategory.NotImplemented, "ObjectFileNotKnown", "can't be copied");

        void Check(string parameters, ErrorCategory category, string errorId, string message) =>
            AssertError(Shell.Fail($"$args[0], $args[0] | Test-XdpProgram {parameters}", s_frame), category, errorId, "TestXdpProgramCommand", message);
    }

    [KernelFact]
    public void Support_has_the_machine_once_and_each_interface()
    {
        var rows = Shell.Run("'lo', 'veth*' | Test-XdpSupport").WithoutErrors().All<SupportRow>();

        Assert.Single(rows, row => row.Name == "Kernel");
        Assert.Equal(["lo", "veth1"], rows.Where(row => row.Name == "Native XDP").Select(row => row.Interface));
        AssertError(Shell.Fail("Test-XdpSupport nosuch0"), ErrorCategory.ObjectNotFound, "InterfaceNotFound", "TestXdpSupportCommand", "nosuch0");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Tables_fit()
    {
        foreach (var script in (string[])["Test-XdpSupport lo, veth1", "Test-XdpProgram", "$args[0] | Test-XdpProgram", $"$args[0] | Test-XdpProgram -Path {FixtureObjects.Compile("pass")}"])
        {
            var text = Shell.Run($"{script} | Out-String -Width 120", s_message).WithoutErrors().Text;
            Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 120, line));
        }
    }
}

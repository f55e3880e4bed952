using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Register-XdpProgram, Unregister-XdpProgram and Get-XdpProgram.</summary>
[Collection(KernelSuite.Name)]
public sealed class RegistrationTests : ShellTest
{
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("", XdpMode.Native)]
    [InlineData("-Mode Auto", XdpMode.Native)]
    [InlineData("-Mode Native", XdpMode.Native)]
    [InlineData("-Mode Generic", XdpMode.Generic)]
    public void Registered_program_is_emitted_and_attached(string mode, XdpMode expected)
    {
        var program = Shell.Run($"Register-XdpProgram {Veth} -MatchAction Drop {mode}").WithoutErrors().Single<XdpProgram>();

        var attached = Assert.Single(Attached());
        Assert.Equal((expected, program.Id), (attached.Mode, attached.ProgramId));
        Assert.Equal((Veth, expected, "cp_receive"), (program.Interface, program.Mode, program.Name));
        Assert.NotNull(program.LinkId);
        Assert.InRange(program.LoadTime!.Value, DateTimeOffset.Now.AddSeconds(-30), DateTimeOffset.Now.AddSeconds(1));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Interfaces_come_as_a_list_or_through_the_pipeline()
    {
        var list = Shell.Run("Register-XdpProgram -Interface veth1, lo -MatchAction Drop").WithoutErrors();
        Assert.Equal([Veth, "lo"], list.All<XdpProgram>().Select(program => program.Interface));
        Assert.Contains(list.Warnings, warning => warning.Contains("generic mode", StringComparison.Ordinal));
        Shell.Run("Get-XdpProgram | Unregister-XdpProgram").WithoutErrors();

        var piped = Shell.Run("'veth1', 'lo' | Register-XdpProgram -MatchAction Drop -Mode Generic").WithoutErrors();
        Assert.Equal([Veth, "lo"], piped.All<XdpProgram>().Select(program => program.Interface));

        // In the mode that was asked for nothing is to be said but that a sender's datagrams may come merged.
        Assert.Contains("ethtool -K PEER tx-udp-segmentation off", Assert.Single(piped.Warnings), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void An_observer_warns_when_no_socket_listens()
    {
        var warning = Assert.Single(Shell.Run($"Register-XdpProgram {Veth}").WithoutErrors().Warnings);

        Assert.Contains("ICMP port unreachable", warning, StringComparison.Ordinal);
        Assert.Contains("-MatchAction Drop", warning, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Nothing_stays_attached_when_a_warning_ends_the_command()
    {
        Assert.ThrowsAny<RuntimeException>(() => Shell.Run($"Register-XdpProgram {Veth} -WarningAction Stop"));

        Assert.Empty(Attached());
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Verbose_says_which_mode_it_is()
    {
        var verbose = Shell.Run($"Register-XdpProgram {Veth} -MatchAction Drop -Verbose").WithoutErrors().Verbose;

        Assert.Contains("Performing the operation \"Attach the XDP program (auto, Drop)\" on target \"veth1 (index 2)\".", verbose);
        Assert.Contains(verbose, line => line.Contains("native mode", StringComparison.Ordinal));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Other_ports_than_the_usual_one()
    {
        Register("-Port 9000, 9001");
        Send(MessageType.Request, "usual port");
        using var left = new Shell(Network, TestNetwork.Left);
        left.Run($"9000, 9001 | ForEach-Object {{ Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Right)} -Port $_ -Text $_ }}").WithoutErrors();

        Assert.Equal(["9000", "9001"], Shell.Run($"(Get-CustomMessage -Count 2 {Patience}).Text").All<string>());
        Assert.Equal(2, Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>().Seen);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Only_the_beginning_of_the_data_is_recorded()
    {
        Register("-SnapLength 4");
        Send(MessageType.Request, "abcdefgh");

        var message = Shell.Run($"Get-CustomMessage -Count 1 {Patience}").Single<CustomMessage>();

        Assert.Equal(("abcd", 4, 8), (message.Text, message.CapturedLength, message.Length));
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Trace_lines_go_to_the_kernels_trace()
    {
        using var trace = new TraceInstance();
        Register("-Trace");
        Send(MessageType.Request, "first", "second");
        Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors();

        Assert.NotEqual("", trace.Read());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Port 0")]
    [InlineData("-Port 65536")]
    [InlineData("-Port 1, 2, 3, 4, 5")]
    [InlineData("-RingSize 1KB")]
    [InlineData("-RingSize 2GB")]
    [InlineData("-SnapLength -1")]
    [InlineData("-Mode Sideways")]
    [InlineData("-MatchAction Maybe")]
    public void Values_out_of_range_are_refused_before_anything_happens(string parameter)
    {
        Assert.Equal(ErrorCategory.InvalidData, Category(Shell.Fail($"Register-XdpProgram {Veth} {parameter}")));
        Assert.Empty(Attached());

        // Conversions that fail are another category than values out of range, by PowerShell's own rules.
        static ErrorCategory Category(ErrorRecord error) =>
            error.CategoryInfo.Category == ErrorCategory.InvalidArgument ? ErrorCategory.InvalidData : error.CategoryInfo.Category;
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_ring_size_that_is_no_power_of_two_is_an_error_with_advice() => AssertError(
        Shell.Fail($"Register-XdpProgram {Veth} -RingSize 300KB"),
        ErrorCategory.InvalidArgument,
        "InvalidRingSize",
        "RegisterXdpProgramCommand",
        "307200");

    [KernelFact(KernelNeed.Bpf)]
    public void Offload_needs_a_card_that_can_do_it()
    {
        var error = Shell.Fail($"Register-XdpProgram {Veth} -Mode Offload");

        AssertError(error, ErrorCategory.NotImplemented, "AttachXdpFailed", "RegisterXdpProgramCommand", Veth);
        Assert.Equal(Veth, error.TargetObject);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Unknown_interface_is_an_error_and_the_others_are_registered()
    {
        var result = Shell.Run($"Register-XdpProgram nope, {Veth} -MatchAction Drop");

        var error = Assert.Single(result.Errors);
        AssertError(error, ErrorCategory.ObjectNotFound, "InterfaceNotFound", "RegisterXdpProgramCommand", "'nope'");
        Assert.Equal("nope", error.TargetObject);
        Assert.Equal(Veth, result.Single<XdpProgram>().Interface);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Second_registration_names_the_program_that_is_there()
    {
        Register();

        var error = Shell.Fail($"Register-XdpProgram {Veth} -MatchAction Drop");

        AssertError(error, ErrorCategory.ResourceBusy, "AttachXdpFailed", "RegisterXdpProgramCommand", $"(id {Assert.Single(Attached()).ProgramId}");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Foreign_program_is_named_and_left_alone()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        var registering = Shell.Fail($"Register-XdpProgram {Veth} -MatchAction Drop");
        AssertError(registering, ErrorCategory.ResourceBusy, "AttachXdpFailed", "RegisterXdpProgramCommand", $"'{ForeignProgram.Name}'");

        var unregistering = Shell.Fail($"Unregister-XdpProgram {Veth}");
        AssertError(unregistering, ErrorCategory.ResourceBusy, "ForeignProgram", "UnregisterXdpProgramCommand", ForeignProgram.Name);
        Assert.Equal($"Unregister-XdpProgram -Id {Assert.Single(Attached()).ProgramId} -Force detaches it.", unregistering.ErrorDetails.RecommendedAction);

        var program = Shell.Run("Get-XdpProgram").WithoutErrors().Single<XdpProgram>();
        Assert.Equal((ForeignProgram.Name, null), (program.Name, program.LinkId));
        Assert.DoesNotContain("this shell", Shell.Run("Get-XdpProgram | Out-String").Text, StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Unregister-XdpProgram veth1")]
    [InlineData("Unregister-XdpProgram -Interface v*")]
    [InlineData("Unregister-XdpProgram -Id $program.Id")]
    [InlineData("Unregister-XdpProgram -InputObject $program")]
    [InlineData("$program | Unregister-XdpProgram")]
    [InlineData("Get-XdpProgram | Unregister-XdpProgram")]
    public void Unregistered_program_is_gone(string script)
    {
        Register();

        Assert.Empty(Shell.Run(script).WithoutErrors().Output);

        Assert.Empty(Attached());
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void PassThru_emits_what_was_unregistered_and_WhatIf_leaves_it()
    {
        Register();
        Assert.Empty(Shell.Run($"Unregister-XdpProgram {Veth} -PassThru -WhatIf").WithoutErrors().Output);
        var id = Assert.Single(Attached()).ProgramId;

        Assert.Equal(id, Shell.Run($"Unregister-XdpProgram {Veth} -PassThru").WithoutErrors().Single<XdpProgram>().Id);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Unregister-XdpProgram nope", "InterfaceNotFound", "UnregisterXdpProgramCommand")]
    [InlineData("Unregister-XdpProgram lo", "ProgramNotFound", "UnregisterXdpProgramCommand")]
    [InlineData("Unregister-XdpProgram -Id 4294967295", "ProgramNotFound", "UnregisterXdpProgramCommand")]
    [InlineData("$program | Unregister-XdpProgram", "ProgramNotFound", "UnregisterXdpProgramCommand")]
    [InlineData("Get-XdpProgram nope", "InterfaceNotFound", "GetXdpProgramCommand")]
    [InlineData("Get-XdpProgram -Id 4294967295", "ProgramNotFound", "GetXdpProgramCommand")]
    [InlineData("Get-XdpStatistics nope", "InterfaceNotFound", "GetXdpStatisticsCommand")]
    [InlineData("Get-XdpStatistics lo", "NotRegistered", "GetXdpStatisticsCommand")]
    [InlineData("$program | Get-XdpStatistics", "ProgramNotFound", "GetXdpStatisticsCommand")]
    public void What_is_not_there_is_an_error(string script, string errorId, string command)
    {
        Register();
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();

        AssertError(Shell.Fail(script), ErrorCategory.ObjectNotFound, errorId, command, "");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Programs_are_found_by_interface_wildcard_and_id()
    {
        Shell.Run("Register-XdpProgram veth1, lo -MatchAction Drop").WithoutErrors();

        Assert.Equal(["lo", Veth], Shell.Run("Get-XdpProgram").WithoutErrors().All<XdpProgram>().Select(program => program.Interface));
        Assert.Equal(["lo"], Shell.Run("Get-XdpProgram lo").All<XdpProgram>().Select(program => program.Interface));
        Assert.Equal([Veth], Shell.Run("'veth*', 'x*' | Get-XdpProgram").WithoutErrors().All<XdpProgram>().Select(program => program.Interface));
        Assert.Equal([Veth], Shell.Run("Get-XdpProgram -Id (Get-XdpProgram veth1).Id").All<XdpProgram>().Select(program => program.Interface));
        Assert.Contains("this shell", Shell.Run("Get-XdpProgram lo | Out-String").Text, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Program_whose_interface_is_gone_can_still_be_unregistered()
    {
        Network.Connect(TestNetwork.Left, "spare0", TestNetwork.Right, "spare1");
        var id = Shell.Run("(Register-XdpProgram spare1 -MatchAction Drop).Id").WithoutErrors().Single<uint>();
        Network.Ip(TestNetwork.Left, "link delete spare0");

        Assert.Equal("spare1", Shell.Run("Unregister-XdpProgram -Id $args[0] -PassThru", id).WithoutErrors().Single<XdpProgram>().Interface);

        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Removing_the_module_detaches_everything()
    {
        Register();

        Shell.Run("Remove-Module CustomProto").WithoutErrors();

        Assert.Empty(Attached());
        Assert.Empty(Receivers.All);
    }
}

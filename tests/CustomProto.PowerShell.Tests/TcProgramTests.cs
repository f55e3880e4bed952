using System.Diagnostics;
using System.Management.Automation;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Register-TcProgram, Get-TcProgram and Unregister-TcProgram.</summary>
[Collection(KernelSuite.Name)]
public sealed class TcProgramTests : ShellTest
{
    [KernelTheory(KernelNeed.Tcx)]
    [InlineData("-MatchAction Drop", PacketDirection.Ingress, "None")]
    [InlineData("-Direction Egress", PacketDirection.Egress, "None")]
    [InlineData("-Encapsulate", PacketDirection.Egress, "Encapsulate")]
    [InlineData("-Decapsulate", PacketDirection.Ingress, "Decapsulate")]
    public void Registered_program_is_emitted_listed_and_unregistered(string parameters, PacketDirection direction, string does)
    {
        var registered = Shell.Run($"Register-TcProgram {Veth} {parameters}").WithoutErrors();
        Assert.Empty(registered.Warnings);
        var program = registered.Single<TcProgram>();
        Assert.Equal((Veth, direction, TcMode.Tcx, 1), (program.Interface, program.Direction, program.Mode, program.Order));
        Assert.Equal(("cp_tc", ProgramLifetime.Process, does), (program.Name, program.Lifetime, program.Encapsulation));
        Assert.Equal(does == "None" ? null : 0L, program.Considered);
        Assert.NotNull(program.LinkId);
        Assert.Equal(Environment.ProcessId, Assert.Single(program.Owners!).Id);

        Assert.Equal(program.Id, Shell.Run("Get-TcProgram").WithoutErrors().Single<TcProgram>().Id);
        Assert.Equal(program.Id, Shell.Run("$args[0] | Get-TcProgram", program).WithoutErrors().Single<TcProgram>().Id);
        Assert.Equal(program.Id, Shell.Run("Get-TcProgram -Id $args[0]", program.Id).WithoutErrors().Single<TcProgram>().Id);
        Assert.Equal(program.Id, Shell.Run($"Unregister-TcProgram {Veth} -PassThru").WithoutErrors().Single<TcProgram>().Id);
        Assert.Empty(Shell.Run("Get-TcProgram").WithoutErrors().Output);
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Messages_that_leave_and_that_arrive_are_read_with_their_direction()
    {
        Shell.Run($"Register-TcProgram {Veth} -MatchAction Drop").WithoutErrors();
        Send(MessageType.Request, "in");
        var peer = Shell.Run("Get-TcProgram | Get-CustomPeer").WithoutErrors().Single<CustomPeer>();
        Assert.Equal((TestNetwork.IPv4(TestNetwork.Left), 1), (peer.SourceAddress!.ToString(), peer.Messages));
        Shell.Run($"$out = Register-TcProgram {Veth} -Direction Egress").WithoutErrors();
        Shell.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Left)} -Text out -Type Response").WithoutErrors();

        Assert.Equal(["Ingress in", "Egress out"], Shell.Run($"Get-CustomMessage -Count 2 {Patience} | ForEach-Object {{ \"$($_.Direction) $($_.Text)\" }}").WithoutErrors().All<string>());
        Shell.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Left)} -Text again").WithoutErrors();
        Assert.Equal("again", Shell.Run($"($out | Get-CustomMessage -Count 1 {Patience}).Text").WithoutErrors().Text);
        Assert.Equal("out, again", Shell.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Left)} -Text again; 'out, again'").WithoutErrors().Text);
        Assert.Equal("again", Shell.Run($"(Get-CustomMessage {Veth} -NoWait).Text").WithoutErrors().Text);

        var counted = Shell.Run("$out | Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        Assert.Equal((AttachPoint.TcEgress, 3, 3, 3), (counted.AttachPoint, counted.Seen, counted.Valid, counted.Delivered));
        var listed = Shell.Run($"Get-TcProgram {Veth}").WithoutErrors().All<TcProgram>();
        Assert.Equal([(PacketDirection.Ingress, 1L), (PacketDirection.Egress, 3L)], listed.Select(program => (program.Direction, program.Valid!.Value)));
        Assert.Equal(2, Shell.Run($"Get-XdpStatistics {Veth}").WithoutErrors().Output.Count);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void A_second_one_of_the_same_kind_is_warned_about()
    {
        var first = Shell.Run($"Register-TcProgram {Veth} -MatchAction Drop").WithoutErrors().Single<TcProgram>();

        Assert.Empty(Shell.Run($"Register-TcProgram {Veth} -MatchAction Drop -Port 9000; Register-TcProgram {Veth} -Direction Egress; Register-TcProgram {Veth} -Decapsulate").WithoutErrors().Warnings);
        var second = Shell.Run($"Register-TcProgram {Veth} -MatchAction Drop").WithoutErrors();

        Assert.Contains($"Unregister-TcProgram -Id {first.Id}", Assert.Single(second.Warnings), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Programs_at_xdp_and_tc_are_told_apart()
    {
        Shell.Run($"$null = Register-XdpProgram {Veth} -MatchAction Drop; $null = Register-TcProgram {Veth} -MatchAction Drop").WithoutErrors();

        Assert.Equal("cp_receive", Shell.Run("(Get-XdpProgram).Name").Text);
        Assert.Equal("cp_tc", Shell.Run("(Get-TcProgram).Name").Text);
        Shell.Run($"Set-XdpProgram {Veth} -MatchAction Pass").WithoutErrors();
        Assert.Equal(
            [(AttachPoint.Xdp, MatchAction.Pass), (AttachPoint.TcIngress, MatchAction.Drop)],
            Receivers.All.OrderBy(receiver => receiver.AttachPoint).Select(receiver => (receiver.AttachPoint, receiver.MatchAction)));
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Equal("cp_tc", Shell.Run("(Get-TcProgram).Name").Text);
        var refused = Assert.Single(Shell.Run($"Set-XdpProgram {Veth} -MatchAction Pass").Errors);
        AssertError(refused, ErrorCategory.ObjectNotFound, "NotRegistered", "SetXdpProgramCommand", "No program of this PowerShell process");
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Counters_of_encapsulation_add_up_and_a_warning_says_what_was_dropped()
    {
        using var sink = Network.Run(TestNetwork.Left, () => new UdpClient(9000));
        Shell.Run($"Register-TcProgram {Veth} -Encapsulate -Port 9000 -Type 200").WithoutErrors();
        Shell.Run(
            "$socket = [Net.Sockets.UdpClient]::new(); $socket.Connect($args[0], 9000); foreach ($size in 0, 10, 1466, 1467) { $null = $socket.Send([byte[]]::new($size), $size) };"
            + "$socket.Client.SetRawSocketOption(17, 103, [BitConverter]::GetBytes(100)); try { $null = $socket.Send([byte[]]::new(500), 500) } catch { $null = $socket.Send([byte[]]::new(500), 500) }",
            TestNetwork.IPv4(TestNetwork.Left)).WithoutErrors();

        var listed = Shell.Run("Get-TcProgram").WithoutErrors();
        var program = listed.Single<TcProgram>();
        Assert.Equal((5, 3, 1, 1, 1), (program.Considered, program.Encapsulated, program.TooBig, program.Told, program.Gso));
        Assert.Equal((3, 3), (program.Seen, program.Valid));
        Assert.Contains("UDP_SEGMENT", Assert.Single(listed.Warnings), StringComparison.Ordinal);
        Assert.Equal(["200", "200", "200"], Shell.Run("Get-CustomMessage -NoWait | ForEach-Object TypeName").All<string>());
    }

    [KernelFact(KernelNeed.Tcx)]
    public void WhatIf_verifies_and_attaches_nothing()
    {
        var report = Shell.Run($"Register-TcProgram {Veth} -Encapsulate -WhatIf").WithoutErrors().Single<VerificationReport>();
        Assert.Equal("cp_tc", report.Name);
        Assert.Empty(Shell.Run("Get-TcProgram").Output);

        Shell.Run($"Register-TcProgram {Veth} -Direction Egress; Unregister-TcProgram {Veth} -WhatIf").WithoutErrors();
        Assert.Single(Shell.Run("Get-TcProgram").Output);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void What_makes_no_sense_is_an_error_that_says_so()
    {
        AssertError(
            Assert.Single(Shell.Run($"Register-TcProgram {Veth} -Encapsulate -Direction Ingress").Errors),
            ErrorCategory.InvalidArgument,
            "InvalidEncapsulation",
            "RegisterTcProgramCommand",
            "Encapsulate");
        AssertError(Assert.Single(Shell.Run("Unregister-TcProgram veth1").Errors), ErrorCategory.ObjectNotFound, "ProgramNotFound", "UnregisterTcProgramCommand", "No tc program");
        AssertError(Assert.Single(Shell.Run("Get-TcProgram -Id 4000000000").Errors), ErrorCategory.ObjectNotFound, "ProgramNotFound", "GetTcProgramCommand", "4000000000");
        AssertError(Assert.Single(Shell.Run("Register-TcProgram nosuch0").Errors), ErrorCategory.ObjectNotFound, "InterfaceNotFound", "RegisterTcProgramCommand", "nosuch0");
        Shell.Run($"$gone = Register-TcProgram {Veth} -Direction Egress; Unregister-TcProgram {Veth}").WithoutErrors();
        AssertError(Assert.Single(Shell.Run("$gone | Get-CustomMessage").Errors), ErrorCategory.ObjectNotFound, "ProgramNotFound", "GetCustomMessageCommand", "isn't attached any more");
        Assert.Equal("ParameterArgumentValidationError", Assert.Single(Shell.Run($"Register-TcProgram {Veth} -Direction None").Errors).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Unregister_takes_a_direction_and_wildcards()
    {
        Shell.Run($"$null = Register-TcProgram {Veth} -Direction Egress; $null = Register-TcProgram {Veth} -Decapsulate").WithoutErrors();
        Shell.Run("Unregister-TcProgram veth* -Direction Egress").WithoutErrors();
        Assert.Equal(PacketDirection.Ingress, Shell.Run("Get-TcProgram").Single<TcProgram>().Direction);
        Shell.Run("Get-TcProgram | Unregister-TcProgram").WithoutErrors();
        Assert.Empty(Shell.Run("Get-TcProgram").Output);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Filter_of_clsact_is_listed_and_goes_only_with_force()
    {
        using var stranger = new Stranger(Network);
        var program = Shell.Run($"Get-TcProgram {Veth}").WithoutErrors().Single<TcProgram>();
        Assert.Equal((TcMode.Clsact, PacketDirection.Egress, "stranger", ProgramLifetime.Netlink), (program.Mode, program.Direction, program.Name, program.Lifetime));
        Assert.Null(program.Seen);

        AssertError(Assert.Single(Shell.Run($"Unregister-TcProgram {Veth}").Errors), ErrorCategory.ResourceBusy, "ForeignProgram", "UnregisterTcProgramCommand", "stranger");
        AssertError(Assert.Single(Shell.Run("Get-TcProgram | Get-CustomMessage").Errors), ErrorCategory.ResourceBusy, "ForeignProgram", "GetCustomMessageCommand", "stranger");
        Assert.Contains("stranger", stranger.Show(), StringComparison.Ordinal);
        Shell.Run($"Unregister-TcProgram {Veth} -Force -Confirm:$false").WithoutErrors();
        Assert.DoesNotContain("stranger", stranger.Show(), StringComparison.Ordinal);
    }

    [ProcessFact(KernelNeed.Tcx)]
    public void Program_of_another_shell_goes_only_with_force_and_a_killed_shell_leaves_nothing()
    {
        using var other = new ShellProcess(Network, TestNetwork.Right, $"$null = Register-TcProgram {Veth} -Encapsulate; 'ready'; $null = [Console]::In.ReadLine(); Start-Sleep 100");
        other.ReadUntil("ready");
        AssertError(Assert.Single(Shell.Run($"Unregister-TcProgram {Veth}").Errors), ErrorCategory.ResourceBusy, "ForeignProgram", "UnregisterTcProgramCommand", "cp_tc");
        Shell.Run($"Unregister-TcProgram {Veth} -Force -Confirm:$false").WithoutErrors();
        Assert.Empty(Shell.Run("Get-TcProgram").Output);

        using var killed = new ShellProcess(Network, TestNetwork.Right, $"$null = Register-TcProgram {Veth} -Encapsulate; 'ready'; Start-Sleep 100");
        killed.ReadUntil("ready");
        Assert.Single(Shell.Run("Get-TcProgram").Output);
        killed.Signal("KILL");
        killed.Wait();
        Assert.True(SpinWait.SpinUntil(() => Shell.Run("Get-TcProgram").Output.Count == 0, TimeSpan.FromSeconds(10)));
    }

    [ProcessFact(KernelNeed.Tcx)]
    public void Three_capabilities_are_enough()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"$null = Register-TcProgram {Veth} -MatchAction Drop; 'ready'; Get-CustomMessage -Count 1 -Timeout 20 | ForEach-Object Text;"
            + $"$null = Register-TcProgram {Veth} -Encapsulate; Unregister-TcProgram {Veth};"
            + $"$null = Register-TcProgram {Veth} -Decapsulate; Unregister-TcProgram {Veth}; @(Get-TcProgram 3>$null).Count; $Error.Count",
            wrapper: ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+net_raw", "--inh-caps=-all"]);
        shell.ReadUntil("ready");

        Send(MessageType.Request, "question");

        Assert.Equal(["question", "0", "0"], shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^3..]);
    }

    [ProcessFact]
    public void Without_privilege_it_is_said_what_is_missing()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"@(Get-TcProgram 3>&1) | ForEach-Object Message; Register-TcProgram {Veth} 2>&1 | ForEach-Object {{ \"$($_.CategoryInfo.Category)\" }}",
            wrapper: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
        var lines = shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("CAP_NET_ADMIN", lines[0], StringComparison.Ordinal);
        Assert.Equal("PermissionDenied", lines[^1]);
    }

    [ProcessFact(KernelNeed.Tcx | KernelNeed.BpfFileSystem)]
    public void Persistent_program_is_taken_up_by_another_shell()
    {
        using (var first = new ShellProcess(Network, TestNetwork.Right, $"Register-TcProgram {Veth} -Encapsulate -Port 9000 -Persist | ForEach-Object {{ \"$($_.Lifetime)\" }}"))
        {
            Assert.Contains("Persistent", first.Wait(), StringComparison.Ordinal);
        }

        var program = Shell.Run("Get-TcProgram").WithoutErrors().Single<TcProgram>();
        Assert.Equal((ProgramLifetime.Persistent, "Encapsulate"), (program.Lifetime, program.Encapsulation));
        Shell.Run($"Unregister-TcProgram {Veth}").WithoutErrors();
        Assert.Empty(Shell.Run("Get-TcProgram").Output);
        Assert.False(Path.Exists(program.PinnedPath));
    }

    /// <summary>A program that somebody else attached as a filter, with tc(8).</summary>
    sealed class Stranger : IDisposable
    {
        readonly TestNetwork _network;
        readonly string _object = Path.GetTempFileName();

        internal Stranger(TestNetwork network)
        {
            _network = network;
            var start = new ProcessStartInfo("clang", ["-target", "bpf", "-O2", "-g", "-x", "c", "-c", "-", "-o", _object]) { RedirectStandardInput = true };
            using var clang = Process.Start(start)!;
            clang.StandardInput.Write(
                "__attribute__((section(\"tc\"), used)) int stranger(void *context) { return -1; }\n"
                + "char _license[] __attribute__((section(\"license\"), used)) = \"GPL\";\n");
            clang.StandardInput.Close();
            clang.WaitForExit();
            Assert.Equal(0, clang.ExitCode);
            network.Execute(TestNetwork.Right, "tc", $"qdisc add dev {Veth} clsact");
            network.Execute(TestNetwork.Right, "tc", $"filter add dev {Veth} egress bpf direct-action obj {_object} sec tc");
        }

        internal string Show() => _network.Execute(TestNetwork.Right, "tc", $"filter show dev {Veth} egress");

        public void Dispose()
        {
            _network.Execute(TestNetwork.Right, "tc", $"qdisc del dev {Veth} clsact");
            File.Delete(_object);
        }
    }
}

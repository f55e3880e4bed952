using System.Globalization;
using CustomProto.Fixtures;
using CustomProto.KernelTests;
using CustomProto.KernelTests.Exchange;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>What needs a process of its own: signals, missing privileges, a missing library, jobs.</summary>
[Collection(KernelSuite.Name)]
public sealed class ProcessTests : ShellTest
{
    const string DescribeError = "$_ | ForEach-Object { $_.FullyQualifiedErrorId; \"$($_.CategoryInfo.Category)\"; $_.Exception.Message; 'advice: ' + $_.ErrorDetails.RecommendedAction }";

    [ProcessFact(KernelNeed.Bpf)]
    public void Interrupt_ends_a_stream_and_nothing_stays_attached()
    {
        // The finally block runs in the interrupted process, so what it sees is the command's own tidying up.
        using var shell = Start(
            "try { Get-CustomMessage -Interface veth1 | ForEach-Object { [Console]::WriteLine(\"got $($_.Text)\") } }"
            + " finally { [Console]::WriteLine(\"left $(@(Get-ChildItem /proc/self/fd | Where-Object Target -match 'bpf').Count)\") }");
        shell.ReadUntil("ICMP");
        Send(MessageType.Request, "one");
        shell.ReadUntil("got one");

        shell.Signal("INT");

        Assert.Equal("left 0", shell.ReadUntil("left"));
        shell.Wait();
        Assert.Empty(Attached());
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void A_shell_without_input_says_how_a_foreign_program_may_go()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        // Interactive, so that it asks; without its third option.
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"Unregister-XdpProgram {Veth} -Force; Register-XdpProgram {Veth} -Force -MatchAction Drop; $Error.FullyQualifiedErrorId -join ' '; 'went on'",
            ["sh", "-c", "shell=$1; shift 4; exec \"$shell\" -NoProfile \"$@\" < /dev/null", "sh"]);

        Assert.Contains(
            "ConfirmationNotPossible,CustomProto.PowerShell.Commands.RegisterXdpProgramCommand ConfirmationNotPossible,CustomProto.PowerShell.Commands.UnregisterXdpProgramCommand\nwent on",
            shell.Wait(),
            StringComparison.Ordinal);
        Assert.Single(Attached());
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void A_killed_process_leaves_nothing()
    {
        using var shell = Start("Register-XdpProgram veth1 -MatchAction Drop | ForEach-Object { [Console]::WriteLine('registered') }; Get-CustomMessage");
        shell.ReadUntil("registered");
        Assert.Single(Attached());

        shell.Signal("KILL");
        shell.Wait();

        // The kernel lets go of the link in its own time after the process is gone.
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 0, TimeSpan.FromSeconds(10)));
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void Select_First_ends_a_stream_and_the_next_read_goes_on()
    {
        using var shell = Start(
            "$null = Register-XdpProgram veth1 -MatchAction Drop; [Console]::WriteLine('ready');"
            + "Get-CustomMessage | Select-Object -First 2 | ForEach-Object Text; 'then'; Get-CustomMessage -Count 1 | ForEach-Object Text;"
            + "Unregister-XdpProgram veth1; \"left $(@(Get-XdpProgram).Count)\"");
        shell.ReadUntil("ready");

        Send(MessageType.Request, "1", "2", "3");

        Assert.Contains("1\n2\nthen\n3\nleft 0", shell.Wait(), StringComparison.Ordinal);
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void Message_comes_back_from_a_job_and_the_jobs_program_goes_with_it()
    {
        Register();
        Send((MessageType)77, "hello");
        var path = Path.GetTempFileName();
        Shell.Run($"Get-CustomMessage -Count 1 {Patience} | Export-Clixml $args[0]", path).WithoutErrors();
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();

        using var shell = Start(
            $"$job = Start-Job {{ Import-Module '{Installation.Module}'; $null = Register-XdpProgram veth1 -MatchAction Drop; Import-Clixml '{path}' }};"
            + "$message = $job | Receive-Job -Wait -AutoRemoveJob;"
            + "$message.GetType().FullName; $message.TypeName; $message.Text; $message.Data.Length; $message.SourceMac.ToString()");
        var output = shell.Wait();
        File.Delete(path);

        Assert.Equal(["CustomProto.Protocol.CustomMessage", "77", "hello", "5", TestNetwork.Mac(TestNetwork.Left)], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 0, TimeSpan.FromSeconds(10)));
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void A_recording_in_a_job_that_is_stopped_leaves_nothing_attached_and_a_whole_file()
    {
        using var file = new TemporaryFile();
        using var enough = new TemporaryFile();
        using var shell = Start(
            $"$job = Start-Job {{ Import-Module '{Installation.Module}'; Export-CustomCapture '{file.Path}' -Interface veth1 -WarningAction SilentlyContinue }};"
            + $"while (-not (Test-Path '{enough.Path}')) {{ Start-Sleep -Milliseconds 20 }};"
            + "Stop-Job $job; [Console]::WriteLine(\"job $($job.State)\"); Remove-Job $job");
        RecordTwo(file.Path);
        File.WriteAllText(enough.Path, "");

        Assert.Contains("job Stopped", shell.Wait(), StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 0, TimeSpan.FromSeconds(10)));
        Assert.Equal(["one", "two"], Shell.Run("(Import-CustomCapture $args[0]).Text", file.Path).WithoutErrors().All<string>());
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void A_recording_that_is_killed_leaves_nothing_attached_and_a_file_up_to_the_last_whole_block()
    {
        using var file = new TemporaryFile();
        using var shell = Start($"Export-CustomCapture '{file.Path}' -Interface veth1 -WarningAction SilentlyContinue");
        RecordTwo(file.Path);

        shell.Signal("KILL");
        shell.Wait();

        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 0, TimeSpan.FromSeconds(10)));
        Assert.Equal(["one", "two"], Shell.Run("(Import-CustomCapture $args[0]).Text", file.Path).WithoutErrors().All<string>());
        Assert.Equal(2, Network.Execute(TestNetwork.Right, "tshark", $"-r {file.Path}").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        // A kill in the middle of writing a block: the whole ones before it are read, and one error says where it ends.
        using (var cut = File.OpenWrite(file.Path))
        {
            cut.SetLength(cut.Length - 5);
        }

        var read = Shell.Run("Import-CustomCapture $args[0]", file.Path);
        Assert.Equal("one", read.Single<CustomMessage>().Text);
        AssertError(Assert.Single(read.Errors), System.Management.Automation.ErrorCategory.InvalidData, "CaptureDamaged", "ImportCustomCaptureCommand", file.Path);
    }

    [ProcessFact]
    public void Missing_privilege_is_named_with_the_command_that_grants_it()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"try {{ Register-XdpProgram veth1 -ErrorAction Stop }} catch {{ {DescribeError} }};"
            + $"try {{ Send-CustomPacket 192.0.2.1 -Text x -Transport Raw -ErrorAction Stop }} catch {{ {DescribeError} }};"
            + "Send-CustomPacket 192.0.2.1 -Text x -Verbose; @(Get-XdpProgram).Count",
            wrapper: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
        var lines = shell.Wait().Split('\n');

        Assert.Equal(["LoadProgramFailed,CustomProto.PowerShell.Commands.RegisterXdpProgramCommand", "PermissionDenied"], [lines[0], lines[1]], IsSameOrCreateMap);
        Assert.Contains("CAP_BPF", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("RLIMIT_MEMLOCK", lines[2], StringComparison.Ordinal);
        Assert.Contains("setcap cap_bpf,cap_net_admin,cap_net_raw", lines[3], StringComparison.Ordinal);
        Assert.Equal("OpenSocketFailed,CustomProto.PowerShell.Commands.SendCustomPacketCommand", lines[4]);
        Assert.Equal("PermissionDenied", lines[5]);
        Assert.Contains("CAP_NET_RAW", lines[6], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("transport Udp: CAP_NET_RAW is missing", StringComparison.Ordinal));
        Assert.Empty(Attached());

        // Which of the two is refused first is the library's business.
        static bool IsSameOrCreateMap(string expected, string actual) =>
            expected == actual || expected.Replace("LoadProgramFailed", "CreateMapFailed", StringComparison.Ordinal) == actual;
    }

    [ProcessFact]
    public void Missing_privilege_is_said_once_however_many_messages_come()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "foreach ($one in 'Raw', 'Xdp') { 1..3 | Send-CustomPacket 192.0.2.1 -Transport $one -ErrorAction SilentlyContinue -ErrorVariable failed; \"$($failed.Count) $($failed[0].CategoryInfo.Category)\" }",
            wrapper: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);

        Assert.Equal(["1 PermissionDenied", "1 PermissionDenied"], shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void Foreign_program_stays_where_nothing_can_be_pinned()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        var before = Attached();
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"foreach ($own in @{{}}, @{{ Path = '{FixtureObjects.Compile("pass")}' }}) {{"
            + $"try {{ Register-XdpProgram veth1 @own -Persist -Force -Confirm:$false -ErrorAction Stop }} catch {{ {DescribeError} }} }}",
            wrapper: ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /sys/fs/bpf && exec \"$@\"", "sh"]);

        var lines = shell.Wait().Split('\n');

        Assert.Equal(2, lines.Count(line => line == "BpfFileSystemNotMounted,CustomProto.PowerShell.Commands.RegisterXdpProgramCommand"));
        Assert.Equal(before, Attached());
    }

    [ProcessFact]
    public void Three_capabilities_are_enough_to_register_receive_and_send()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "$program = Register-XdpProgram veth1 -MatchAction Drop; 'ready'; Get-CustomMessage -Count 1 -Timeout 20 | Send-CustomPacket -Reply -Text answer;"
            + "(Get-XdpStatistics).Valid; $program | Unregister-XdpProgram; @(Get-XdpProgram).Count; $Error.Count",
            wrapper: ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+net_raw", "--inh-caps=-all"]);
        shell.ReadUntil("ready");

        Send(MessageType.Request, "question");

        Assert.Equal(["1", "0", "0"], shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^3..]);
    }

    /// <summary>A process may look at what it holds itself; of others it sees what the network tells.</summary>
    [ProcessFact]
    public void Three_capabilities_show_own_programs_whole_and_measure_nothing_with_one_warning()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"Register-XdpProgram veth1 -Path {FixtureObjects.Compile("variables")} | ForEach-Object {{ \"$($_.Name) $($_.Lifetime) $($_.Owners[0].Id -eq $PID) $($_.LinkId -gt 0) $($_.MapIds.Count -gt 3)\" }};"
            + "$all = Get-XdpProgram -All -Statistics -Duration 0.01; \"$($all.Name) [$($all.RunCount)]\"; Unregister-XdpProgram veth1; @(Get-XdpProgram).Count; $Error.Count",
            wrapper: ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+net_raw", "--inh-caps=-all"]);

        var lines = shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["look Process True True True", "look []", "0", "0"], lines.Where(line => !line.StartsWith("WARNING:", StringComparison.Ordinal)));
        Assert.Contains("run-time statistics", Assert.Single(lines, line => line.StartsWith("WARNING:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [ProcessFact]
    public void Requests_need_no_privilege_and_say_which_clock_they_have_without()
    {
        using var service = UdpService.Echo(Network, TestNetwork.Left);
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "Invoke-CustomRequest 192.0.2.1 -Text question -Verbose | ForEach-Object { $_.Response.Text; $_.Clock -in 'UserToSocket', 'User' };"
            + "Test-CustomConnection 192.0.2.1 -Quiet -Count 3 -Interval 0; $Error.Count",
            wrapper: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);

        var lines = shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["question", "True", "True", "0"], lines[^4..]);
        Assert.Contains(lines, line => line.Contains("no program can be registered", StringComparison.Ordinal));
    }

    [ProcessFact]
    public void What_needs_more_privilege_than_there_is_is_null()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "Get-XdpProgram | ForEach-Object { \"$($_.Interface) $($_.Id) [$($_.Name)$($_.Tag)$($_.LoadTime)]\" }",
            wrapper: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);

        var lines = shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"veth1 {Attached()[0].ProgramId} []"), lines[0]);
        Assert.Contains("CAP_SYS_ADMIN", Assert.Single(lines, line => line.StartsWith("WARNING:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [ProcessFact]
    public void A_missing_libbpf_is_an_error_that_says_how_to_install_it()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            $"try {{ Register-XdpProgram veth1 -ErrorAction Stop }} catch {{ {DescribeError} }}",
            environment: ("CUSTOMPROTO_LIBBPF", "/nonexistent.so"));
        var lines = shell.Wait().Split('\n');

        Assert.Equal("LibbpfNotInstalled,CustomProto.PowerShell.Commands.RegisterXdpProgramCommand", lines[0]);
        Assert.Equal("NotInstalled", lines[1]);
        Assert.Contains("/nonexistent.so", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("advice: ", lines[3], StringComparison.Ordinal);
    }

    [ProcessFact]
    public void Errors_show_their_advice_once()
    {
        using var shell = Start("Register-XdpProgram nope");

        var output = shell.Wait();

        Assert.Contains("There is no network interface 'nope'", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("These are there").Length);
    }

    [ProcessFact]
    public void Import_does_no_work()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "(Get-ChildItem /proc/self/fd | Where-Object Target -match 'bpf|eventfd:cp').Count; (Get-Content /proc/self/maps | Select-String libbpf).Count",
            environment: ("CUSTOMPROTO_LIBBPF", "/nonexistent.so"));

        Assert.Equal(["0", "0"], shell.Wait().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    ShellProcess Start(string script) => new(Network, TestNetwork.Right, script);

    /// <summary>A name for a file that goes in the end.</summary>
    sealed class TemporaryFile : IDisposable
    {
        internal string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"customproto-process-{Guid.NewGuid():N}.pcapng");

        public void Dispose() => File.Delete(Path);
    }
}

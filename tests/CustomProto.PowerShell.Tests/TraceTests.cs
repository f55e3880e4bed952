using System.Diagnostics;
using System.Globalization;
using CustomProto.KernelTests;
using CustomProto.Programs;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>Get-XdpTrace.</summary>
[Collection(KernelSuite.Name)]
public sealed class TraceTests : ShellTest
{
    const string Instances = "/sys/kernel/tracing/instances";

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Lines_of_our_programs_come_as_objects_up_to_a_number()
    {
        Register("-Trace");
        var running = StartTrace("-Count 2 -Timeout 30");
        Send(MessageType.Request, "Hello");
        SendPayloads([0xFE, 0xCA, 1, 1, 0, 0]);

        var lines = running.Result.WithoutErrors().All<TraceLine>();

        var id = Assert.Single(Attached()).ProgramId;
        Assert.Equal(
            [$"customproto[{id}]: type 1, length 5, trailing 0, from port 40000 to port 12345", $"customproto[{id}]: BadMagic, UDP length 14, from port 40000 to port 12345"],
            lines.Select(line => line.Text));
        Assert.All(lines, line => Assert.Equal(id, line.ProgramId));
        Assert.Empty(OwnInstances());
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Time_that_is_over_and_Ctrl_C_end_it_silently_and_leave_nothing()
    {
        Assert.Empty(Shell.Run("Get-XdpTrace -Timeout 0.05 -All:$false").WithoutErrors().Output);
        Assert.Empty(OwnInstances());

        var running = StartTrace("-All");
        var watch = Stopwatch.StartNew();
        Shell.Stop();

        running.GetAwaiter().GetResult().WithoutErrors();
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Empty(OwnInstances());
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Select_First_leaves_nothing()
    {
        Register("-Trace");
        var running = StartTrace("-Timeout 30 | Select-Object -First 1");
        Send(MessageType.Request, "1", "2");

        Assert.Single(running.Result.WithoutErrors().All<TraceLine>());
        Assert.Empty(OwnInstances());
    }

    [ProcessFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void What_a_killed_process_leaves_is_swept_by_the_next()
    {
        using (var killed = new ShellProcess(Network, TestNetwork.Right, "[Console]::WriteLine(\"I am $PID.\"); Get-XdpTrace"))
        {
            var id = killed.ReadUntil("I am").Split(' ', '.')[2];
            WaitForInstances($"customproto-{id}-*");
            killed.Signal("KILL");
            killed.Wait();
            Assert.Single(Directory.GetDirectories(Instances, $"customproto-{id}-*"));

            Shell.Run("Get-XdpTrace -Timeout 0.01").WithoutErrors();
            Assert.Empty(Directory.GetDirectories(Instances, $"customproto-{id}-*"));
        }
    }

    [ProcessFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Without_privilege_there_is_one_error_and_the_support_report_still_comes()
    {
        using var shell = new ShellProcess(
            Network,
            TestNetwork.Right,
            "Get-XdpTrace -ErrorVariable failed -ErrorAction SilentlyContinue; \"$($failed.Count) $($failed[0].FullyQualifiedErrorId) $($failed[0].CategoryInfo.Category)\";"
            + "$rows = Test-XdpSupport lo; \"$($rows.Count) rows, CAP_BPF $(($rows | Where-Object Name -eq CAP_BPF).Status), tracefs $(($rows | Where-Object Name -eq tracefs).Status)\"",
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "env", "HOME=/nonexistent"]);

        var output = shell.Wait();

        Assert.Contains("1 TraceNotPermitted,CustomProto.PowerShell.Commands.GetXdpTraceCommand PermissionDenied", output, StringComparison.Ordinal);
        Assert.Contains("30 rows, CAP_BPF Unsupported, tracefs Unsupported", output, StringComparison.Ordinal);
    }

    /// <summary>Starts to read, and waits until it does.</summary>
    Task<ShellResult> StartTrace(string parameters)
    {
        var running = Shell.Start($"Get-XdpTrace {parameters}");
        WaitForInstances($"customproto-{Environment.ProcessId}-*");
        return running;
    }

    /// <summary>Until an instance is there and its event is on.</summary>
    static void WaitForInstances(string pattern) => Assert.True(
        SpinWait.SpinUntil(() => Directory.GetDirectories(Instances, pattern).Any(IsOn), TimeSpan.FromSeconds(30)), "Nobody began to read the trace.");

    static bool IsOn(string instance)
    {
        try
        {
            return File.ReadAllText($"{instance}/events/bpf_trace/bpf_trace_printk/enable").StartsWith('1');
        }
        catch (IOException)
        {
            // Seen before it was complete.
            return false;
        }
    }

    static string[] OwnInstances() => Directory.GetDirectories(Instances, string.Create(CultureInfo.InvariantCulture, $"customproto-{Environment.ProcessId}-*"));
}

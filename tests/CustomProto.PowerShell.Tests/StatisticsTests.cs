using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Get-XdpStatistics.</summary>
[Collection(KernelSuite.Name)]
public sealed class StatisticsTests : ShellTest
{
    [KernelFact(KernelNeed.Bpf)]
    public void Every_packet_is_accounted_for()
    {
        Register();
        SendPayloads(
            [0xCA, 0xFE, 1, 1, 0, 0],
            [0xFE, 0xCA, 1, 1, 0, 0],
            [0xCA, 0xFE, 2, 1, 0, 0],
            [0xCA, 0xFE, 1, 1, 0, 9, 0],
            [0xCA, 0xFE, 1],
            [0xCA, 0xFE, 1, 2, 0, 0]);
        Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors();

        var counters = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();

        Assert.Equal((6, 2, 1, 1, 1, 1), (counters.Seen, counters.Valid, counters.BadMagic, counters.BadVersion, counters.BadLength, counters.Truncated));
        Assert.Equal((2, 0, 0), (counters.Delivered, counters.Filtered, counters.Lost));
        Assert.Equal((Veth, Receiver.DefaultReader, Assert.Single(Attached()).ProgramId), (counters.Interface, counters.Reader, counters.ProgramId));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Wrong_checksums_are_counted_where_that_was_asked_for()
    {
        // A raw frame has its checksum finished, so that a right one can be told from a wrong one.
        Register("-VerifyChecksum");
        using var left = new Shell(Network, TestNetwork.Left);
        left.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Right)} -Transport Raw -Text right").WithoutErrors();
        Scapy.Send(Network, "IP(dst='192.0.2.2')/UDP(sport=1,dport=12345,chksum=0x1234)/Raw(bytes.fromhex('cafe01010000'))");
        left.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Right)} -Transport Raw -Text right").WithoutErrors();
        Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors();

        var counters = Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>();

        Assert.Equal((3, 2, 1), (counters.Seen, counters.Valid, counters.BadChecksum));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Programs_are_chosen_by_interface_wildcard_and_object()
    {
        Shell.Run("$programs = Register-XdpProgram veth1, lo -MatchAction Drop").WithoutErrors();
        Send(MessageType.Request, "one");
        Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors();

        Assert.Equal([1L, 0L], Seen("Get-XdpStatistics"));
        Assert.Equal([1L], Seen("Get-XdpStatistics veth1"));
        Assert.Equal([0L, 1L], Seen("Get-XdpStatistics -Interface lo, v*"));
        Assert.Equal([1L, 0L], Seen("$programs | Get-XdpStatistics"));
        Assert.Equal([0L], Seen("Get-XdpStatistics -InputObject $programs[1]"));
        Assert.Empty(Seen("Get-XdpStatistics x*"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Cpus_add_up_to_the_sums()
    {
        Register();
        SendPayloads([0xCA, 0xFE, 1, 1, 0, 0], [0xFE, 0xCA, 1, 1, 0, 0], [0xCA, 0xFE, 1, 1, 0, 0]);
        Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors();

        var sums = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        var cpus = Shell.Run("Get-XdpStatistics -PerCpu").WithoutErrors().All<ReceiveStatistics>();

        Assert.Null(sums.Cpu);
        Assert.Equal(Enumerable.Range(0, cpus.Count), cpus.Select(cpu => cpu.Cpu!.Value));
        Assert.True(cpus.Count >= Environment.ProcessorCount);
        Assert.Equal((3, 2, 1, 2), (sums.Seen, sums.Valid, sums.Rejected, sums.Delivered));
        Assert.Equal(
            (sums.Seen, sums.Valid, sums.BadMagic, sums.Delivered),
            (cpus.Sum(cpu => cpu.Seen), cpus.Sum(cpu => cpu.Valid), cpus.Sum(cpu => cpu.BadMagic), cpus.Sum(cpu => cpu.Delivered)));
        Assert.Contains(" Cpu ", Shell.Run("Get-XdpStatistics -PerCpu | Out-String").WithoutErrors().Text, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Rates_are_since_the_previous_call()
    {
        Register();
        var first = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        SendPayloads([0xCA, 0xFE, 1, 1, 0, 0], [0xFE, 0xCA, 1, 1, 0, 0]);
        Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors();
        ReceiveStatistics second;
        do
        {
            second = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        }
        while (second.Seen < 2);

        Assert.Null(first.SeenRate);
        Assert.Null(first.Interval);
        Assert.True(second.Interval > TimeSpan.Zero);
        Assert.True(second.SeenRate > 0 && second.LostRate == 0);
        var third = Shell.Run("Get-XdpStatistics -Interval 0.01").WithoutErrors().Single<ReceiveStatistics>();
        Assert.Equal((0, 0), (third.SeenRate, third.DeliveredRate));
        Assert.InRange(third.Interval!.Value.TotalMilliseconds, 10, 5_000);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Watching_goes_on_until_it_is_stopped()
    {
        Register();
        Assert.Equal(3, Shell.Run("Get-XdpStatistics -Watch -Interval 0.01 | Select-Object -First 3").WithoutErrors().Output.Count);
        Assert.Contains("Seen/s", Shell.Run("Get-XdpStatistics -Watch -Interval 0.01 | Select-Object -First 1 | Out-String").WithoutErrors().Text, StringComparison.Ordinal);

        var watching = Shell.Start("Get-XdpStatistics -Watch -Interval 0.01 | ForEach-Object { $global:rows++ }");
        Assert.False(watching.Wait(TimeSpan.FromMilliseconds(200)));
        Shell.Stop();
        Assert.True(watching.Wait(TimeSpan.FromSeconds(20)));
        Assert.True(Shell.Run("$rows").Single<int>() > 0);

        // A program that goes away is told once, and with the last one it ends.
        var last = Shell.Start("Get-XdpStatistics -Watch -Interval 0.01");
        Receivers.All[0].Dispose();
        Assert.True(last.Wait(TimeSpan.FromSeconds(20)));
        Assert.InRange(last.Result.Errors.Count, 0, 1);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Without_programs_there_are_no_counters() => Assert.Empty(Shell.Run("Get-XdpStatistics").WithoutErrors().Output);

    [KernelFact(KernelNeed.Bpf)]
    public void A_foreign_program_has_none_of_ours()
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);

        var error = Shell.Fail("Get-XdpProgram | Get-XdpStatistics");

        AssertError(error, ErrorCategory.ResourceBusy, "ForeignProgram", "GetXdpStatisticsCommand", ForeignProgram.Name);
        Assert.IsType<XdpProgram>(error.TargetObject);
    }

    IEnumerable<long> Seen(string script) => Shell.Run(script).WithoutErrors().All<ReceiveStatistics>().Select(counters => counters.Seen);
}

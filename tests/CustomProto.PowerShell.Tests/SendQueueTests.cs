using System.Management.Automation;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Pipelines that are long enough to go on while Send-CustomPacket sends: as if each message were sent before the next.</summary>
[Collection(KernelSuite.Name)]
public sealed class SendQueueTests : ShellTest
{
    const string WithOneTooLong = "1..400 | ForEach-Object { $_ -eq 300 ? 'x' * 1600 : $_ } | Send-CustomPacket 192.0.2.2";

    readonly Shell _left;

    public SendQueueTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Raw")]
    [InlineData("Udp")]
    public void All_arrive_in_order(string transport)
    {
        Register();

        var result = _left.Run($"1..3000 | Send-CustomPacket 192.0.2.2, 2001:db8::2 -Transport {transport} -PassThru").WithoutErrors().All<SendResult>();

        Assert.Equal([3000, 3000], result.Select(one => one.Packets));
        var received = Receive();
        Assert.Equal(Numbers(1, 3000), received.Where(message => message.SourceAddress?.AddressFamily == AddressFamily.InterNetwork).Select(message => message.Text));
        Assert.Equal(Numbers(1, 3000), received.Where(message => message.SourceAddress?.AddressFamily == AddressFamily.InterNetworkV6).Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void They_go_without_waiting_for_more()
    {
        Register();
        const string Script =
            """
            & {
                1..100
                [Threading.SpinWait]::SpinUntil([Func[bool]] { [CustomProto.Receive.Receivers]::All[0].ReadStatistics().Valid -eq 100 }, 10000)
            } | Send-CustomPacket 192.0.2.2
            """;

        _left.Run(Script).WithoutErrors();

        Assert.Equal([.. Numbers(1, 100), "True"], Receive().Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void One_that_cannot_be_sent_is_an_error_and_the_others_arrive_in_order()
    {
        Register();

        var result = _left.Run($"{WithOneTooLong} -PassThru");

        AssertError(Assert.Single(result.Errors), ErrorCategory.LimitsExceeded, "DataExceedsMtu", "SendCustomPacketCommand", "1,600");
        Assert.Equal(399, result.Single<SendResult>().Packets);
        Assert.Equal(Numbers(1, 299).Concat(Numbers(301, 100)), Receive().Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Where_errors_end_the_pipeline_nothing_is_sent_after_one()
    {
        Register();

        AssertError(_left.Fail($"{WithOneTooLong} -ErrorAction Stop"), ErrorCategory.LimitsExceeded, "DataExceedsMtu", "SendCustomPacketCommand", "1,600");

        Assert.Equal(Numbers(1, 299), Receive().Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_came_before_the_pipeline_was_ended_is_sent()
    {
        Register();

        Assert.Equal("over", _left.Fail("& { 1..200; throw 'over' } | Send-CustomPacket 192.0.2.2").Exception.Message);

        Assert.Equal(Numbers(1, 200), Receive().Select(message => message.Text));
    }

    [KernelFact]
    public void Each_message_is_sent_or_an_error_when_the_interface_goes_down()
    {
        var result = _left.Run("1..300 | ForEach-Object { if ($_ -eq 150) { ip link set dev veth0 down }; $_ } | Send-CustomPacket 192.0.2.2 -PassThru");

        var sent = result.Single<SendResult>().Packets;
        Assert.InRange(sent, 64, 149);
        Assert.Equal(300 - sent, result.Errors.Count);
    }

    [KernelFact]
    public void A_neighbour_that_does_not_answer_is_not_asked_for_each_message()
    {
        var sending = _left.Start("1..300 | Send-CustomPacket 192.0.2.77");

        Assert.True(sending.Wait(TimeSpan.FromSeconds(60)), "Each message waits for the neighbour.");
        Assert.Equal(300, sending.Result.Errors.Count);
        Assert.All(sending.Result.Errors, error => Assert.StartsWith("NeighbourUnresolved,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
    }

    private protected override void Close() => _left.Dispose();

    static IEnumerable<string> Numbers(int first, int count) => Enumerable.Range(first, count).Select(number => $"{number}");

    CustomMessage[] Receive() => [.. Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().All<CustomMessage>()];
}

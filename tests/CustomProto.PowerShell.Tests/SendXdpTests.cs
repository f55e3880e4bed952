using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Send-CustomPacket -Transport Xdp, to the receiver on the right.</summary>
[Collection(KernelSuite.Name)]
public sealed class SendXdpTests : ShellTest
{
    readonly Shell _left;

    public SendXdpTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelFact(KernelNeed.Bpf)]
    public void Every_packet_arrives_with_its_number_and_time()
    {
        Register();

        var result = _left.Run("Send-CustomPacket 192.0.2.2 -Text hello -Transport Xdp -Count 100 -PassThru -Verbose").WithoutErrors();

        var sent = result.Single<SendResult>();
        Assert.Equal((Transport.Xdp, 100, 100), (sent.Transport, sent.Packets, sent.Confirmed!.Value));
        Assert.Contains(result.Verbose, line => line.Contains("transport Xdp: it was asked for. The data of each packet end with its sequence number", StringComparison.Ordinal));
        Assert.Empty(result.Warnings);
        var messages = Receive(100);
        Assert.All(messages, message => Assert.Equal((21, "hello"), (message.Length, System.Text.Encoding.UTF8.GetString(message.Data.AsSpan(0, 5)))));
        Assert.Equal(Enumerable.Range(0, 100), messages.Select(message => (int)Stamps.Read(message.Data).Sequence));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Ports_types_and_data_are_as_asked_for()
    {
        Register();

        var result = _left.Run(
            "Send-CustomPacket 2001:db8::2 -DataLength 300 -Pattern Increment -NoStamp -Transport Xdp -Count 6 -SourcePort 40000 -SourcePortCount 3 -TypeCycle Request, 77 -PassThru");

        Assert.Equal(6, result.WithoutErrors().Single<SendResult>().Confirmed);
        var messages = Receive(6);
        Assert.All(messages, message => Assert.Equal(Enumerable.Range(0, 300).Select(number => (byte)number), message.Data));
        Assert.Equal([40000, 40001, 40002, 40000, 40001, 40002], messages.Select(message => message.SourcePort));
        Assert.Equal(["Request", "77", "Request", "77", "Request", "77"], messages.Select(message => message.TypeName));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Each_message_of_the_pipeline_is_sent()
    {
        Register();

        _left.Run("'a', 'bb', 'ccc' | Send-CustomPacket 192.0.2.2 -Transport Xdp -NoStamp").WithoutErrors();

        Assert.Equal(["a", "bb", "ccc"], Receive(3).Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_the_interface_does_not_confirm_is_a_warning()
    {
        var result = _left.Run("Send-CustomPacket 192.0.2.2 -Text x -Transport Xdp -Count 10").WithoutErrors();

        Assert.Empty(result.Output);
        Assert.Contains("neither an XDP program nor GRO", result.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("'veth0' counts 0 of the 10 packets to 192.0.2.2 as sent", result.Warnings[1], StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("127.0.0.1 -Text x -Transport Xdp", ErrorCategory.NotImplemented, "XdpOverLoopback", "'lo'")]
    [InlineData("192.0.2.2 -DataLength 1460 -Transport Xdp", ErrorCategory.LimitsExceeded, "DataExceedsMtu", "1,460 bytes of data")]
    [InlineData("192.0.2.2 -Text x -Threads 2", ErrorCategory.InvalidArgument, "OptionNeedsXdp", "threads")]
    [InlineData("192.0.2.2 -Text x -Transport Xdp -Threads 1000", ErrorCategory.InvalidArgument, "ThreadsOutOfRange", "1000")]
    [InlineData("192.0.2.2 -Text x -SourcePortCount 5", ErrorCategory.InvalidArgument, "OptionNeedsXdp", "Source ports")]
    public void Failure_is_one_error_with_advice(string parameters, ErrorCategory category, string errorId, string message) =>
        AssertError(_left.Fail($"Send-CustomPacket {parameters}"), category, errorId, "SendCustomPacketCommand", message);

    [KernelFact(KernelNeed.Bpf)]
    public void Stopping_ends_a_long_run_at_once()
    {
        Register();
        using var running = new System.Collections.Concurrent.BlockingCollection<string>();
        var sending = _left.Start("$args[0].Add('go'); Send-CustomPacket 192.0.2.2 -Text x -Transport Xdp -Count 1000000000000", running);
        running.Take();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        _left.Stop();

        Assert.Empty(sending.GetAwaiter().GetResult().WithoutErrors().Output);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    private protected override void Close() => _left.Dispose();

    IReadOnlyList<CustomMessage> Receive(int count) => Shell.Run($"Get-CustomMessage -Count {count} {Patience}").WithoutErrors().All<CustomMessage>();
}

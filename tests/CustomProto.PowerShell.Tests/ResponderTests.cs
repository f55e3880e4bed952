using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Register-XdpProgram -Respond, Set-XdpProgram -Respond and Get-CustomPeer. The left host asks by a socket of its own.</summary>
[Collection(KernelSuite.Name)]
public sealed class ResponderTests : ShellTest
{
    readonly Socket _socket;

    public ResponderTests() => _socket = Network.Run(TestNetwork.Left, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
        socket.Connect(IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), 12345);
        return socket;
    });

    [KernelFact(KernelNeed.Bpf)]
    public void Requests_are_answered_and_counted_and_still_read()
    {
        Register("-Respond -Mode Generic");

        Assert.Equal("2 ping", Ask(1, "ping"));

        Assert.Equal("ping", Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors().Single<CustomMessage>().Text);
        var counters = Shell.Run("$program | Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        Assert.Equal((1, 1, 0, 0), (counters.Valid, counters.Answered, counters.Limited, counters.Unanswerable));
        var latency = Assert.Single(counters.ResponseLatency);
        Assert.Equal((MessageType.Request, "Request", 1), (latency.Type, latency.TypeName, latency.Count));
        Assert.Matches(@"Answered +: 1\s+Limited +: 0\s+Unanswerable +: 0\s+ResponseLatency +: \{Request: 1 in", Shell.Run("Get-XdpStatistics | Format-List | Out-String").Text);
        Assert.Matches(@"Type +Count +p50 +p99[\s-]+Request +1 +[\d.]+ µs +[\d.]+ µs", Shell.Run("(Get-XdpStatistics).ResponseLatency | Out-String").Text);
        Assert.Matches(@"From +To +Count +Share[\s-]+[\d.]+ µs +[\d.]+ µs +1 +#{40}", Shell.Run("(Get-XdpStatistics).ResponseLatency.Buckets | Out-String").Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_live_responder_is_set_up_anew_changed_in_parts_and_switched_off()
    {
        Register("-Mode Generic");
        Shell.Run("Set-XdpProgram veth1 -Respond -ResponseType @{ 5 = 'Response'; Request = 7 } -ResponseText pong").WithoutErrors();
        Assert.Equal("2 pong", Ask(5, "four"));
        Assert.Equal("7 pong", Ask(1, "four"));

        Shell.Run("$program | Set-XdpProgram -ResponseData 0x78").WithoutErrors();
        Assert.Equal("2 x", Ask(5, "four"));

        Shell.Run("Set-XdpProgram veth1 -Respond").WithoutErrors();
        Assert.Equal("2 four", Ask(1, "four"));

        Shell.Run("Set-XdpProgram veth1 -Respond:$false").WithoutErrors();
        Send(MessageType.Request, "unanswered");
        Shell.Run($"Get-CustomMessage -Count 5 {Patience}").WithoutErrors();
        Assert.Equal(4, Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>().Answered);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void NoRespond_switches_it_off()
    {
        Register("-Respond -Mode Generic");
        Assert.Equal("2 on", Ask(1, "on"));

        Shell.Run("Set-XdpProgram veth1 -NoRespond").WithoutErrors();

        Assert.Null(Assert.Single(Receivers.All).Responder);
        Shell.Run("Set-XdpProgram veth1 -NoRespond:$false").WithoutErrors();
        Assert.Null(Assert.Single(Receivers.All).Responder);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-ResponseType @{ 2 = 1 }")]
    [InlineData("-ResponseText other -SourceAddress nonsense")]
    [InlineData("-ResponseText other -Reader nobody -Type 1")]
    [InlineData("-NoRespond -Reader nobody -Type 1")]
    public void What_is_refused_takes_the_rest_of_the_change_with_it(string parameters)
    {
        Register("-ResponseText first");

        Shell.Fail($"Set-XdpProgram veth1 -MatchAction Pass -Trace {parameters}");

        var receiver = Assert.Single(Receivers.All);
        Assert.Equal((MatchAction.Drop, false, "first"), (receiver.MatchAction, receiver.Trace, System.Text.Encoding.UTF8.GetString(receiver.Responder!.Data!.Value.Span)));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Limits_hold_and_what_is_over_them_is_counted()
    {
        Register("-ResponseLimit 2 -Mode Generic");
        Shell.Run("Get-XdpStatistics").WithoutErrors();
        for (var i = 0; i < 50; i++)
        {
            Send(MessageType.Request, "storm", "storm");
        }

        Shell.Run($"Get-CustomMessage -Count 100 {Patience}").WithoutErrors();
        var counters = Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>();
        Assert.Equal((100, 100), (counters.Valid, counters.Answered + counters.Limited));
        Assert.InRange(counters.Answered, 2, 2 * 60);
        Assert.True(counters.Limited > 0);
        var seconds = counters.Interval!.Value.TotalSeconds;
        Assert.Equal((counters.Answered / seconds, counters.Limited / seconds), (counters.AnsweredRate, counters.LimitedRate));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Veth_without_a_program_at_the_other_end_is_warned_about()
    {
        var warnings = Shell.Run("Register-XdpProgram veth1 -MatchAction Drop -Mode Native -Respond").WithoutErrors().Warnings;
        Assert.Contains(warnings, warning => warning.Contains("No XDP program runs in native mode on 'veth0'", StringComparison.Ordinal));
        Assert.Contains(Shell.Run("Set-XdpProgram veth1 -Respond").WithoutErrors().Warnings, warning => warning.Contains("'veth0'", StringComparison.Ordinal));
        Assert.Empty(Shell.Run("Set-XdpProgram veth1 -MatchAction Pass").WithoutErrors().Warnings);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-ResponseType @{ 5 = 6; 6 = 7 }", "InvalidResponseType", "Type 6 answers and is answered")]
    [InlineData("-ResponseType @{ 2 = 3 }", "InvalidResponseType", "which is never answered")]
    [InlineData("-ResponseType @{ }", "InvalidResponseType", "No type is answered")]
    [InlineData("-ResponseType @{ 300 = 1 }", "InvalidResponseType", "'300' is not a message type")]
    [InlineData("-ResponseText a -ResponseData 1", "ResponderContradiction", "-ResponseText and -ResponseData")]
    [InlineData("-ResponseType @{ 1 = 2; Request = 3 }", "InvalidResponseType", "is type 1, which stands there twice")]
    [InlineData("-Respond:$false -ResponseLimit 5", "ResponderContradiction", "-Respond:$false and -ResponseLimit")]
    public void Responders_that_can_not_be_are_refused_and_nothing_is_changed(string parameters, string errorId, string message)
    {
        AssertError(Shell.Fail($"Register-XdpProgram veth1 {parameters}"), ErrorCategory.InvalidArgument, errorId, "RegisterXdpProgramCommand", message);
        Assert.Empty(Attached());

        Register();
        AssertError(Shell.Fail($"Set-XdpProgram veth1 {parameters}"), ErrorCategory.InvalidArgument, errorId, "SetXdpProgramCommand", message);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-NoRespond -Respond", "-NoRespond and -Respond")]
    [InlineData("-NoRespond -ResponseText a", "-NoRespond and -ResponseText")]
    public void NoRespond_and_a_response_contradict_each_other(string parameters, string message)
    {
        Register();
        AssertError(Shell.Fail($"Set-XdpProgram veth1 {parameters}"), ErrorCategory.InvalidArgument, "ResponderContradiction", "SetXdpProgramCommand", message);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Peers_are_listed_with_what_they_sent_last()
    {
        Register("-Respond -Mode Generic");
        Assert.Empty(Shell.Run("Get-CustomPeer").WithoutErrors().Output);
        Ask(1, "answered");
        Send((MessageType)9, "\u001b[2J");
        Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors();

        var peer = Shell.Run("$program | Get-CustomPeer").WithoutErrors().Single<CustomPeer>();

        Assert.Equal((TestNetwork.IPv4(TestNetwork.Left), Veth, 2, 12), (peer.SourceAddress!.ToString(), peer.Interface, peer.Messages, peer.Bytes));
        Assert.Equal((1, 40000, (MessageType)9, 4, "␛[2J"), (peer.Answered, peer.LastPort, peer.LastType, peer.LastLength, peer.LastText));
        var text = Shell.Run("Get-CustomPeer veth* | Out-String -Width 120").WithoutErrors().Text;
        Assert.Matches(@"Interface +Source +Messages +Bytes +Answered +Last seen +Type +Data[\s-]+veth1 +192\.0\.2\.1 +2 +12 +1 +\d\d:\d\d:\d\d\.\d{6} 9 +␛\[2J", text);
        Assert.DoesNotContain('\u001b', Shell.Run("Get-CustomPeer | Format-List * | Out-String").Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Evicted_peers_are_a_row_and_all_rows_together_are_the_valid_messages()
    {
        Register("-PeerCapacity 4");
        Scapy.Send(Network, "IP(src=['10.0.%d.%d' % (n // 250, 1 + n % 250) for n in range(1000)],dst='192.0.2.2')/UDP(sport=1,dport=12345)/Raw(bytes.fromhex('cafe01010000'))");
        Shell.Run($"Get-CustomMessage -Count 1000 {Patience}").WithoutErrors();

        var peers = Shell.Run("Get-CustomPeer").WithoutErrors().All<CustomPeer>().ToArray();

        Assert.Equal(1000, peers.Sum(peer => peer.Messages));
        Assert.Equal((null, 1000L - (peers.Length - 1)), (peers[^1].SourceAddress, peers[^1].Evicted));
        Assert.InRange(peers.Length, 2, 5);
        Assert.Matches(@"veth1 +\(99\d evicted\) +99\d", Shell.Run("Get-CustomPeer | Out-String -Width 120").Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Test_runs_show_the_answer_that_a_live_responder_would_give()
    {
        Register("-Respond -ResponseText pong -Mode Generic");

        var report = Shell.Run("$program | Test-XdpProgram -Frame $args[0]", Frame("ping")).WithoutErrors().Single<TestRunReport>();

        Assert.Equal(CustomProto.Net.XdpVerdict.Tx, report.Verdict);
        Assert.Equal("pong", System.Text.Encoding.UTF8.GetString(report.Output, 48, 4));
        Assert.Equal(0, Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>().Answered);
    }

    private protected override void Close() => _socket.Dispose();

    static byte[] Frame(string text) =>
        CustomProto.Send.FrameEncoder.Encode(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>The type and data of the answer.</summary>
    string Ask(int type, string text)
    {
        _socket.Send(MessageEncoder.Encode(ProtocolDefinition.Default, (MessageType)type, System.Text.Encoding.UTF8.GetBytes(text)));
        var buffer = new byte[100];
        var length = _socket.Receive(buffer);
        return $"{buffer[3]} {System.Text.Encoding.UTF8.GetString(buffer, 6, length - 6)}";
    }
}

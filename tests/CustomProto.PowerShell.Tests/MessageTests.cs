using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Get-CustomMessage.</summary>
[Collection(KernelSuite.Name)]
public sealed class MessageTests : ShellTest
{
    readonly BlockingCollection<string> _seen = [];

    [KernelFact(KernelNeed.Bpf)]
    public void The_tutorials_packet_from_Scapy_arrives_with_one_trailing_byte()
    {
        Register();
        Scapy.Send(Network, "IP(src='192.0.2.1',dst='192.0.2.2')/UDP(sport=40000,dport=12345)/Raw(bytes.fromhex('cafe0101000a')+b'Hello World')");

        var message = Shell.Run($"Get-CustomMessage -Count 1 {Patience}").WithoutErrors().Single<CustomMessage>();

        Assert.Equal(("Hello Worl", 10, 1, MessageType.Request), (message.Text, message.Length, message.TrailingBytes, message.Type));
        Assert.Equal(("192.0.2.1", 40000, "192.0.2.2", 12345), (message.SourceAddress!.ToString(), message.SourcePort, message.DestinationAddress!.ToString(), message.DestinationPort));
        Assert.Equal((Veth, TestNetwork.Mac(TestNetwork.Left)), (message.Interface, message.SourceMac.ToString()));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Where-Object Type -eq 2")]
    [InlineData("Where-Object Type -eq 'Response'")]
    [InlineData("Where-Object Type -eq Response")]
    [InlineData("Where-Object { $_.Type -eq 2 }")]
    [InlineData("Where-Object { $_.Type -eq 'Response' }")]
    public void Types_compare_with_numbers_and_names(string filter)
    {
        Register();
        Send(MessageType.Request, "a");
        Send(MessageType.Response, "b");
        Send((MessageType)77, "c");
        Send(MessageType.Response, "d");

        Assert.Equal(["b", "d"], Texts($"Get-CustomMessage -Count 4 {Patience} | {filter}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Messages_come_in_order_and_stay_until_they_are_read()
    {
        Register();
        Send(MessageType.Request, "1", "2", "3", "4", "5");

        Assert.Equal(["1", "2"], Texts($"Get-CustomMessage {Patience} | Select-Object -First 2"));
        Assert.Equal(["3"], Texts($"Get-CustomMessage -Count 1 {Patience}"));
        Assert.Equal(["4"], Texts($"foreach ($message in 1) {{ Get-CustomMessage {Patience} | ForEach-Object {{ $_; break }} }}"));
        Assert.Equal(["5"], Texts("Get-CustomMessage -NoWait"));
        Assert.Empty(Texts("Get-CustomMessage -NoWait"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void An_exception_downstream_leaves_the_reader_free()
    {
        Register();
        Send(MessageType.Request, "1", "2");

        Assert.ThrowsAny<RuntimeException>(() => Shell.Run($"Get-CustomMessage {Patience} | ForEach-Object {{ throw 'enough' }}"));

        Assert.Equal(["2"], Texts("Get-CustomMessage -NoWait"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void New_begins_with_what_arrives_from_now_on()
    {
        Register();
        Send(MessageType.Request, "old");
        using var left = new Shell(Network, TestNetwork.Left);

        // The text tells when the command has passed over the old one: it is sent by a command that runs while this one waits.
        var reading = Shell.Start("Get-CustomMessage -New -Count 1 -Verbose");
        while (!reading.IsCompleted)
        {
            left.Run($"Send-CustomPacket {TestNetwork.IPv4(TestNetwork.Right)} -Text new").WithoutErrors();
        }

        Assert.Equal("new", Assert.Single(reading.GetAwaiter().GetResult().WithoutErrors().All<CustomMessage>()).Text);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Timeout 0.2")]
    [InlineData("-Timeout 00:00:00.2")]
    [InlineData("-Timeout ([timespan]::FromMilliseconds(200))")]
    [InlineData("-IdleTimeout 0.2")]
    [InlineData("-IdleTimeout '0.2'")]
    [InlineData("-IdleTimeout 5 -Timeout 0.2")]
    [InlineData("-IdleTimeout 0.2 -Timeout 5")]
    public void Time_ends_the_stream_silently(string parameters)
    {
        Register();
        Send(MessageType.Request, "one");
        var watch = Stopwatch.StartNew();

        Assert.Equal(["one"], Texts($"Get-CustomMessage {parameters}"));

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(4));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Timeout -1")]
    [InlineData("-Timeout soon")]
    [InlineData("-IdleTimeout 1e300")]
    [InlineData("-IdleTimeout NaN")]
    [InlineData("-Count 0")]
    [InlineData("-Count -5")]
    public void Values_that_make_no_sense_are_refused(string parameter) =>
        Assert.StartsWith("ParameterArgument", Shell.Fail($"Get-CustomMessage {parameter}").FullyQualifiedErrorId, StringComparison.Ordinal);

    [KernelFact(KernelNeed.Bpf)]
    public void Stopping_ends_a_waiting_stream_at_once_and_without_an_error()
    {
        Register();
        Send(MessageType.Request, "one");
        var reading = StartReading();
        Assert.Equal("one", Next());
        var watch = Stopwatch.StartNew();

        Shell.Stop();

        var result = reading.GetAwaiter().GetResult().WithoutErrors();
        Assert.Equal("one", result.Single<CustomMessage>().Text);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Send(MessageType.Request, "two");
        Assert.Equal(["two"], Texts($"Get-CustomMessage -Count 1 {Patience}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Interface_without_a_program_gets_one_while_the_command_runs()
    {
        var reading = Shell.Start($"Get-CustomMessage -Interface {Veth} -Count 1");
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 1, TimeSpan.FromSeconds(10)));

        Send(MessageType.Request, "one");

        var result = reading.GetAwaiter().GetResult().WithoutErrors();
        Assert.Equal("one", result.Single<CustomMessage>().Text);
        Assert.Contains("ICMP", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Empty(Attached());
        Assert.Empty(Receivers.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Interface_with_a_program_is_read_from_and_keeps_it()
    {
        Register();
        Send(MessageType.Request, "one");

        Assert.Equal(["one"], Texts($"Get-CustomMessage {Veth} -Count 1 {Patience}"));

        Assert.Single(Attached());
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("$program | Get-CustomMessage")]
    [InlineData("Get-XdpProgram | Get-CustomMessage")]
    [InlineData("Get-CustomMessage -InputObject $program, $program")]
    public void Programs_can_be_given(string script)
    {
        Register();
        Send(MessageType.Request, "one");

        Assert.Equal(["one"], Texts($"{script} -Count 1 {Patience}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Several_programs_are_read_together_in_the_order_of_time()
    {
        Network.Connect(TestNetwork.Left, "other0", TestNetwork.Right, "other1");
        Network.Ip(TestNetwork.Left, "address add 198.51.100.1/24 dev other0");
        Network.Ip(TestNetwork.Right, "address add 198.51.100.2/24 dev other1");
        Shell.Run("Register-XdpProgram veth1, other1 -MatchAction Drop").WithoutErrors();
        using var left = new Shell(Network, TestNetwork.Left);
        left.Run("foreach ($i in 1..10) { Send-CustomPacket 192.0.2.2, 198.51.100.2 -Text $i }").WithoutErrors();

        var messages = Shell.Run($"Get-CustomMessage -Count 20 {Patience}").WithoutErrors().All<CustomMessage>();

        Assert.Equal(Enumerable.Range(1, 10).SelectMany(i => new[] { $"{i} veth1", $"{i} other1" }), messages.Select(message => $"{message.Text} {message.Interface}"));

        // And both wake a reader that waits.
        var reading = Shell.Start($"Get-CustomMessage -Count 2 {Patience}");
        left.Run("Send-CustomPacket 198.51.100.2, 192.0.2.2 -Text x").WithoutErrors();
        Assert.Equal(["other1", Veth], reading.GetAwaiter().GetResult().WithoutErrors().All<CustomMessage>().Select(message => message.Interface));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_that_goes_away_is_an_error_and_the_stream_goes_on_with_the_others()
    {
        Shell.Run("Register-XdpProgram veth1, lo -MatchAction Drop").WithoutErrors();
        Send(MessageType.Request, "before");
        var reading = StartReading(" | Select-Object -First 2");
        Assert.Equal("before", Next());

        using var other = new Shell(Network);
        other.Run("Unregister-XdpProgram lo").WithoutErrors();
        Send(MessageType.Request, "after");

        var result = reading.GetAwaiter().GetResult();
        Assert.Equal(["before", "after"], result.All<CustomMessage>().Select(message => message.Text));
        AssertError(Assert.Single(result.Errors), ErrorCategory.ResourceUnavailable, "ReceiverClosed", "GetCustomMessageCommand", "'lo'");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void The_stream_ends_with_its_last_program()
    {
        Register();
        Send(MessageType.Request, "one");
        var reading = StartReading();
        Assert.Equal("one", Next());

        using var other = new Shell(Network);
        other.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();

        AssertError(
            Assert.Single(reading.GetAwaiter().GetResult().Errors), ErrorCategory.ResourceUnavailable, "ReceiverClosed", "GetCustomMessageCommand", Veth);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_second_reader_is_refused_at_once()
    {
        Register();
        Send(MessageType.Request, "one");
        var reading = StartReading();
        Assert.Equal("one", Next());

        using var other = new Shell(Network);
        AssertError(other.Fail("Get-CustomMessage"), ErrorCategory.ResourceBusy, "ReaderBusy", "GetCustomMessageCommand", Veth);

        Shell.Stop();
        reading.GetAwaiter().GetResult().WithoutErrors();
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Loss_is_told_exactly_and_warned_about_when_it_begins_and_at_the_end()
    {
        Register("-RingSize 256KB");
        using var left = new Shell(Network, TestNetwork.Left);
        left.Run("Send-CustomPacket 192.0.2.2 -Data (,0 * 1000) -Count 2000").WithoutErrors();
        var kept = Shell.Run("(Get-CustomMessage -NoWait).Count").WithoutErrors();
        var lost = Shell.Run("Get-XdpStatistics").Single<ReceiveStatistics>().Lost;
        Assert.Empty(kept.Warnings);
        Assert.Equal(2000, kept.Single<int>() + lost);

        // The loss of each CPU is told by the next message that it handles.
        for (var cpu = 0; cpu < Environment.ProcessorCount; cpu++)
        {
            Network.Execute(TestNetwork.Left, "taskset", $"-c {cpu} bash -c \"printf '\\xca\\xfe\\x01\\x01\\x00\\x00' > /dev/udp/192.0.2.2/12345\"");
        }

        var result = Shell.Run($"Get-CustomMessage -Count {Environment.ProcessorCount} {Patience}").WithoutErrors();

        Assert.Equal(lost, result.All<CustomMessage>().Sum(message => message.LostBefore));
        Assert.Equal(2, result.Warnings.Count);
        Assert.Contains("-RingSize", result.Warnings[0], StringComparison.Ordinal);
        Assert.StartsWith($"{lost} messages", result.Warnings[1], StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Nothing_registered_is_one_error_with_advice()
    {
        var error = Shell.Fail("Get-CustomMessage");

        AssertError(error, ErrorCategory.ObjectNotFound, "NothingRegistered", "GetCustomMessageCommand", "nothing to read from");
        Assert.Contains("Register-XdpProgram", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Unknown_interface_and_foreign_programs_are_errors()
    {
        AssertError(Shell.Fail("Get-CustomMessage nope"), ErrorCategory.ObjectNotFound, "InterfaceNotFound", "GetCustomMessageCommand", "'nope'");

        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        AssertError(Shell.Fail("Get-XdpProgram | Get-CustomMessage"), ErrorCategory.ResourceBusy, "ForeignProgram", "GetCustomMessageCommand", ForeignProgram.Name);
        AssertError(Shell.Fail($"Get-CustomMessage {Veth}"), ErrorCategory.ResourceBusy, "AttachXdpFailed", "GetCustomMessageCommand", ForeignProgram.Name);
    }

    /// <summary>Starts a stream whose texts come out by <see cref="Next"/> while it goes on.</summary>
    Task<ShellResult> StartReading(string end = "") => Shell.Start($"$seen = $args[0]; Get-CustomMessage | ForEach-Object {{ $seen.Add($_.Text); $_ }}{end}", _seen);

    /// <summary>The next text that a stream has emitted.</summary>
    string Next() => _seen.TryTake(out var text, TimeSpan.FromSeconds(10)) ? text : throw new TimeoutException("No message came.");

    IEnumerable<string> Texts(string script) => Shell.Run(script).WithoutErrors().All<CustomMessage>().Select(message => message.Text);
}

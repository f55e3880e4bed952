using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.KernelTests.Send;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Send-CustomPacket from the left host, to the receiver on the right.</summary>
[Collection(KernelSuite.Name)]
public sealed class SendTests : ShellTest
{
    readonly Shell _left;

    public SendTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Text 'Hello World'", "Request", "Hello World")]
    [InlineData("'Hello World'", "Request", "Hello World")]
    [InlineData("-Text 'grün ✓'", "Request", "grün ✓")]
    [InlineData("", "Request", "")]
    [InlineData("-Data 65, 0, 66", "Request", "A␀B")]
    [InlineData("-Data @()", "Request", "")]
    [InlineData("-Text a -Type Response", "Response", "a")]
    [InlineData("-Text a -Type 2", "Response", "a")]
    [InlineData("-Text a -Type 77", "77", "a")]
    [InlineData("-Text a -Type '0xff'", "255", "a")]
    [InlineData("-Text a -Type ([CustomProto.Protocol.MessageType]::Response)", "Response", "a")]
    [InlineData("-Text a -Transport Udp", "Request", "a")]
    [InlineData("-Text a -Transport Raw", "Request", "a")]
    public void Message_arrives(string parameters, string type, string text)
    {
        Register();

        Assert.Empty(_left.Run($"Send-CustomPacket 192.0.2.2 {parameters}").WithoutErrors().Output);

        var message = Receive(1)[0];
        Assert.Equal((type, text), (message.TypeName, message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Strings_from_the_pipeline_are_a_message_each_to_each_destination()
    {
        Register();

        var results = _left.Run("'a', '', 'c' | Send-CustomPacket 192.0.2.2, 2001:db8::2 -PassThru").WithoutErrors().All<SendResult>();

        Assert.Equal(["a 192.0.2.1", "a 2001:db8::1", " 192.0.2.1", " 2001:db8::1", "c 192.0.2.1", "c 2001:db8::1"], Receive(6).Select(message => $"{message.Text} {message.SourceAddress}"));
        Assert.Equal(["192.0.2.2", "2001:db8::2"], results.Select(result => result.Destination.ToString()));
        Assert.All(results, result => Assert.Equal(3, result.Packets));
    }

    /// <summary>From record to record the same socket is used, and so the same port.</summary>
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Raw")]
    [InlineData("Udp")]
    public void Sender_stays_open_from_record_to_record(string transport)
    {
        Register();

        _left.Run($"1..50 | Send-CustomPacket 192.0.2.2 -Transport {transport}").WithoutErrors();

        Assert.Single(Receive(50).Select(message => message.SourcePort).Distinct());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Addresses_ports_tags_and_MAC_addresses_are_as_asked()
    {
        Register();

        _left.Run("Send-CustomPacket 192.0.2.2 -Text x -SourcePort 555 -SourceAddress 198.51.100.9 -SourceMac 02:00:00:00:00:99 -DestinationMac 02:00:00:00:00:02 -VlanId 100, 200 -Interface veth0")
            .WithoutErrors();

        var message = Receive(1)[0];
        Assert.Equal(("198.51.100.9", 555), (message.SourceAddress!.ToString(), message.SourcePort));
        Assert.Equal(("02:00:00:00:00:99", "02:00:00:00:00:02"), (message.SourceMac.ToString(), message.DestinationMac.ToString()));
        Assert.Equal([100, 200], message.VlanId);
    }

    [KernelFact]
    public void Ttl_and_Dscp_are_as_asked_with_both_transports()
    {
        using var capture = new PacketCapture(Network, TestNetwork.Right, Veth, 4, "udp port 12345");

        _left.Run("'Raw', 'Udp' | ForEach-Object { Send-CustomPacket 192.0.2.2, 2001:db8::2 -Text x -Ttl 3 -Dscp 46 -Transport $_ }").WithoutErrors();

        Assert.Equal(
            ["3 46", "3 46", "3 46", "3 46"],
            capture.Read().Select(packet => $"{packet["ip.ttl"]}{packet["ipv6.hlim"]} {packet["ip.dsfield.dscp"]}{packet["ipv6.tclass.dscp"]}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Count_sends_as_many_and_PassThru_tells_what_became_of_them()
    {
        Register();

        var result = _left.Run("Send-CustomPacket 192.0.2.2 -Text abc -Count 500 -PassThru").WithoutErrors().Single<SendResult>();

        Assert.Equal((500, 500L, Transport.Raw, "veth0", 12345), (result.Packets, result.Confirmed, result.Transport, result.Interface, result.DestinationPort));
        Assert.True(result.AchievedRate > 0);
        Assert.Equal(500, Receive(500).Count(message => message.Text == "abc"));
    }

    [KernelFact]
    public void Verbose_says_which_transport_and_why()
    {
        var verbose = _left.Run("Send-CustomPacket 192.0.2.2 -Text abc -Verbose").WithoutErrors().Verbose;

        Assert.Equal("Performing the operation \"Send a message (Request, 3 bytes)\" on target \"192.0.2.2:12345\".", verbose[0]);
        Assert.Contains("transport Raw: CAP_NET_RAW", verbose[1], StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void WhatIf_sends_nothing()
    {
        Register();

        Assert.Empty(_left.Run("Send-CustomPacket 192.0.2.2 -Text abc -PassThru -WhatIf").WithoutErrors().Output);
        _left.Run("Send-CustomPacket 192.0.2.2 -Text real").WithoutErrors();

        Assert.Equal("real", Receive(1)[0].Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Name_is_looked_up_and_ones_own_address_goes_over_lo()
    {
        Shell.Run("Register-XdpProgram lo -MatchAction Drop -Mode Generic").WithoutErrors();

        Assert.Empty(Shell.Run("Send-CustomPacket localhost -Text name").WithoutErrors().Warnings);
        var own = Shell.Run("Send-CustomPacket 192.0.2.2, 192.0.2.2 -Text own").WithoutErrors();

        Assert.Contains("'lo'", Assert.Single(own.Warnings), StringComparison.Ordinal);
        Assert.Equal(["name", "own", "own"], Receive(3).Select(message => message.Text));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Message_is_sent_on_whole()
    {
        Register();
        Send((MessageType)77, "first", "second");
        var received = Shell.Run($"Get-CustomMessage -Count 2 {Patience}").WithoutErrors().All<CustomMessage>();

        var result = _left.Run("$args | Send-CustomPacket 2001:db8::2 -Count 2 -PassThru", [.. received]).WithoutErrors().Single<SendResult>();

        Assert.Equal(4, result.Packets);
        Assert.Equal(["77 first", "77 first", "77 second", "77 second"], Receive(4).Select(message => $"{message.TypeName} {message.Text}"));
    }

    [KernelTheory]
    [InlineData("-Text x -Type 256")]
    [InlineData("-Text x -Type -1")]
    [InlineData("-Text x -Type bogus")]
    [InlineData("-Text x -Port 0")]
    [InlineData("-Text x -SourcePort 65536")]
    [InlineData("-Text x -VlanId 4095")]
    [InlineData("-Text x -VlanId 1, 2, 3")]
    [InlineData("-Text x -Ttl 0")]
    [InlineData("-Text x -Dscp 64")]
    [InlineData("-Text x -Count 0")]
    [InlineData("-Text x -DestinationMac 02:00")]
    [InlineData("-Text x -SourceAddress here")]
    [InlineData("-Text x -Transport Pigeon")]
    [InlineData("-Reply")]
    public void What_does_not_fit_is_refused_before_anything_is_sent(string parameters)
    {
        var error = _left.Fail($"Send-CustomPacket 192.0.2.2 {parameters}");

        Assert.IsType<ParameterBindingException>(error.Exception, exactMatch: false);
    }

    [KernelTheory]
    [InlineData("no.such.name.invalid -Text x", ErrorCategory.ObjectNotFound, "NameNotResolved", "'no.such.name.invalid'")]
    [InlineData("5 -Text x", ErrorCategory.ObjectNotFound, "NameNotResolved", "'5'")]
    [InlineData("203.0.113.9 -Text x", ErrorCategory.ConnectionError, "QueryNetworkFailed", "203.0.113.9")]
    [InlineData("192.0.2.77 -Text x", ErrorCategory.ConnectionError, "NeighbourUnresolved", "192.0.2.77")]
    [InlineData("192.0.2.2 -Text ('x' * 1467)", ErrorCategory.LimitsExceeded, "DataExceedsMtu", "1,467 bytes of data")]
    [InlineData("192.0.2.2 -Text ('x' * 65536)", ErrorCategory.LimitsExceeded, "DataTooLong", "65536")]
    [InlineData("192.0.2.2 -Text x -Interface nope", ErrorCategory.ObjectNotFound, "InterfaceNotFound", "'nope'")]
    [InlineData("192.0.2.2 -Text x -SourceAddress 2001:db8::1", ErrorCategory.InvalidArgument, "AddressFamilyMismatch", "2001:db8::1")]
    [InlineData("fe80::1 -Text x", ErrorCategory.InvalidArgument, "InterfaceMissing", "fe80::1")]
    [InlineData("192.0.2.2 -Text x -VlanId 5 -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "VLAN")]
    [InlineData("192.0.2.2 -Path /", ErrorCategory.InvalidData, "FileUnreadable", "it is a folder")]
    public void Failure_is_one_error_with_advice(string parameters, ErrorCategory category, string errorId, string message) =>
        AssertError(_left.Fail($"Send-CustomPacket {parameters}"), category, errorId, "SendCustomPacketCommand", message);

    [KernelFact]
    public void A_route_that_goes_away_is_an_error_that_says_how_to_look_at_it()
    {
        var result = _left.Run("'a', 'b' | ForEach-Object { if ($_ -eq 'b') { ip route delete 192.0.2.0/24 }; $_ } | Send-CustomPacket 192.0.2.2 -Transport Udp -PassThru");

        var error = Assert.Single(result.Errors);
        AssertError(error, ErrorCategory.ConnectionError, "SendFailed", "SendCustomPacketCommand", "192.0.2.2");
        Assert.Contains("ip route get 192.0.2.2 ", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(1, result.Single<SendResult>().Packets);
    }

    [KernelFact]
    public void A_loop_over_ten_addresses_goes_on_after_the_third_fails()
    {
        var loop = _left.Run("1..10 | ForEach-Object { Send-CustomPacket $(if ($_ -eq 3) { '203.0.113.3' } else { '192.0.2.2' }) -Text $_ -PassThru }");
        var list = _left.Run("Send-CustomPacket (1..10 | ForEach-Object { if ($_ -eq 3) { '203.0.113.3' } else { \"127.0.0.$_\" } }) -Text x -PassThru");

        foreach (var result in (ShellResult[])[loop, list])
        {
            Assert.Equal(9, result.All<SendResult>().Sum(sent => sent.Packets));
            AssertError(Assert.Single(result.Errors), ErrorCategory.ConnectionError, "QueryNetworkFailed", "SendCustomPacketCommand", "203.0.113.3");
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_message_that_is_too_long_does_not_keep_the_next_from_being_sent()
    {
        Register();

        var result = _left.Run("'a', ('x' * 2000), 'b' | Send-CustomPacket 192.0.2.2 -PassThru");

        Assert.Equal("DataExceedsMtu,CustomProto.PowerShell.Commands.SendCustomPacketCommand", Assert.Single(result.Errors).FullyQualifiedErrorId);
        Assert.Equal(2, result.Single<SendResult>().Packets);
        Assert.Equal(["a", "b"], Receive(2).Select(message => message.Text));
    }

    [KernelFact]
    public void Stopping_ends_a_long_run()
    {
        using var running = new System.Collections.Concurrent.BlockingCollection<string>();
        var sending = _left.Start("$args[0].Add('go'); Send-CustomPacket 192.0.2.2 -Text x -Count 1000000000000", running);
        running.Take();

        _left.Stop();

        Assert.Empty(sending.GetAwaiter().GetResult().WithoutErrors().Output);
    }

    private protected override void Close() => _left.Dispose();

    IReadOnlyList<CustomMessage> Receive(int count) => Shell.Run($"Get-CustomMessage -Count {count} {Patience}").WithoutErrors().All<CustomMessage>();
}

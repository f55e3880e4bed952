using System.Diagnostics;
using System.Management.Automation;
using System.Net;
using CustomProto.Exchange;
using CustomProto.KernelTests;
using CustomProto.KernelTests.Exchange;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>Invoke-CustomRequest and Test-CustomConnection, with a plain UDP socket on the left host as the service.</summary>
[Collection(KernelSuite.Name)]
public sealed class RequestTests : ShellTest
{
    UdpService? _service;

    private protected override void Close() => _service?.Dispose();

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData("-Text hello", RoundTripClock.Kernel)]
    [InlineData("-Text hello -NoRegister", RoundTripClock.UserToSocket)]
    [InlineData("-Data 104, 101, 108, 108, 111 -NoRegister -Interface veth1 -SourceAddress 192.0.2.2 -Ttl 3 -Dscp 46", RoundTripClock.UserToSocket)]
    public void Request_and_response_are_one_object(string parameters, RoundTripClock clock)
    {
        _service = UdpService.Echo(Network, TestNetwork.Left);

        var result = Shell.Run($"Invoke-CustomRequest 192.0.2.1 {parameters}").WithoutErrors().Single<RequestResult>();

        Assert.Equal((MessageType.Request, "hello"), (result.Request.Type, result.Request.Text));
        Assert.Equal((MessageType.Response, "hello", "192.0.2.1"), (result.Response.Type, result.Response.Text, result.Response.SourceAddress!.ToString()));
        Assert.Equal(clock, result.Clock == RoundTripClock.User ? RoundTripClock.UserToSocket : result.Clock);
        Assert.InRange(result.RoundTripTime, TimeSpan.FromTicks(1), RequestOptions.DefaultTimeout);
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_registered_program_is_used()
    {
        Register();
        _service = UdpService.Echo(Network, TestNetwork.Left);

        var result = Shell.Run("Invoke-CustomRequest 192.0.2.1 -Text hello -NoRegister -Verbose").WithoutErrors();

        Assert.Equal(RoundTripClock.UserToKernel, result.Single<RequestResult>().Clock);
        Assert.Contains(result.Verbose, said => said.Contains("is registered (Xdp)", StringComparison.Ordinal));
        Assert.Single(Attached());
    }

    [KernelFact]
    public void Types_of_ones_own_are_sent_and_awaited()
    {
        _service = new UdpService(Network, TestNetwork.Left, (socket, request, from) =>
        {
            request[3]++;
            socket.SendTo(request, from);
        });

        var result = Shell.Run("Invoke-CustomRequest 192.0.2.1 -NoRegister -Type 10 -ResponseType 11").WithoutErrors().Single<RequestResult>();

        Assert.Equal(((MessageType)10, (MessageType)11, 0), (result.Request.Type, result.Response.Type, result.Response.Length));
    }

    [KernelFact]
    public void Destinations_and_messages_come_through_the_pipeline()
    {
        Network.Ip(TestNetwork.Left, "address add 192.0.2.11/24 dev veth0");
        _service = UdpService.Echo(Network, TestNetwork.Left, IPAddress.Parse("192.0.2.1"));
        using var other = UdpService.Echo(Network, TestNetwork.Left, IPAddress.Parse("192.0.2.11"));

        var hosts = Shell.Run("'192.0.2.1', '192.0.2.11' | Invoke-CustomRequest -Text x -NoRegister").WithoutErrors().All<RequestResult>();
        var messages = Shell.Run(
            "$args | Invoke-CustomRequest 192.0.2.1, 192.0.2.11 -NoRegister",
            CustomMessage.Create(ProtocolDefinition.Default, (MessageType)7, "one"u8),
            CustomMessage.Create(ProtocolDefinition.Default, (MessageType)8, "two"u8)).WithoutErrors().All<RequestResult>();

        Assert.Equal(["192.0.2.1", "192.0.2.11"], hosts.Select(result => result.Destination.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["192.0.2.1 7 one", "192.0.2.1 8 two", "192.0.2.11 7 one", "192.0.2.11 8 two"],
            messages.Select(result => $"{result.Destination} {(int)result.Request.Type} {result.Response.Text}").Order(StringComparer.Ordinal));
    }

    [KernelFact]
    public void A_destination_that_does_not_respond_is_one_error_and_the_others_go_on()
    {
        _service = UdpService.Echo(Network, TestNetwork.Left);

        var result = Shell.Run("Invoke-CustomRequest 192.0.2.1, 192.0.2.2 -Text x -NoRegister -Timeout 0.3 -Retry 1");

        Assert.Equal("192.0.2.1", result.Single<RequestResult>().Destination.ToString());
        AssertError(
            Assert.Single(result.Errors),
            ErrorCategory.OperationTimeout,
            "PortUnreachable",
            "InvokeCustomRequestCommand",
            "No response came from 192.0.2.2:12345 over 'lo' within 300 ms, 2 times. ICMP port unreachable came back");
    }

    [KernelTheory]
    [InlineData("nope.invalid -Text x", "NameNotResolved", ErrorCategory.ObjectNotFound, "nope.invalid")]
    [InlineData("224.0.0.1 -Text x -Interface veth1 -SourceAddress 192.0.2.2", "RequestToGroup", ErrorCategory.InvalidArgument, "a group of hosts")]
    [InlineData("203.0.113.1 -Text x", "QueryNetworkFailed", ErrorCategory.ConnectionError, "203.0.113.1")]
    [InlineData("192.0.2.1 -Data (,0 * 2000)", "DataExceedsMtu", ErrorCategory.LimitsExceeded, "data fit. Send less in a message, or raise")]
    [InlineData("fe80::1%nope -Text x", "InterfaceNotFound", ErrorCategory.ObjectNotFound, "'nope'")]
    [InlineData("192.0.2.1 -Timeout 0", "InvalidTimeout", ErrorCategory.InvalidArgument, "-Timeout")]
    public void What_can_not_be_asked_is_an_error_that_says_why(string parameters, string errorId, ErrorCategory category, string message) => AssertError(
        Shell.Fail($"Invoke-CustomRequest {parameters}"), category, errorId, "InvokeCustomRequestCommand", message);

    [KernelFact]
    public void WhatIf_sends_nothing()
    {
        _service = UdpService.Echo(Network, TestNetwork.Left);

        Assert.Empty(Shell.Run("Invoke-CustomRequest 192.0.2.1 -Text x -WhatIf").WithoutErrors().Output);

        Assert.Equal(0, _service.Received);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Invoke-CustomRequest 192.0.2.1 -Text x -Timeout 3600")]
    [InlineData("Test-CustomConnection 192.0.2.1 -Timeout 3600 -NoRegister")]
    [InlineData("Test-CustomConnection 192.0.2.1 -Timeout 0.05 -Interval 3600 -NoRegister")]
    public void Stopping_ends_it_at_once(string script)
    {
        using var asked = new ManualResetEventSlim();
        _service = new UdpService(Network, TestNetwork.Left, (_, _, _) => asked.Set());
        var running = Shell.Start(script);
        Assert.True(asked.Wait(TimeSpan.FromSeconds(10)));

        var clock = Stopwatch.StartNew();
        Shell.Stop();

        Assert.True(running.Wait(TimeSpan.FromSeconds(10)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), clock.Elapsed.ToString());
        Assert.DoesNotContain(running.Result.Output, one => one.BaseObject is ConnectionSummary);
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Tcx)]
    public void A_test_emits_each_request_and_then_the_sums()
    {
        _service = new UdpService(Network, TestNetwork.Left, (socket, request, from) =>
        {
            if (_service!.Received != 2)
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });

        var output = Shell.Run("Test-CustomConnection 192.0.2.1 -Interval 0.01 -Timeout 0.3 -DataLength 5").WithoutErrors().Output;

        var probes = output.SkipLast(1).Select(one => Assert.IsType<ConnectionProbe>(one.BaseObject)).ToArray();
        var sums = Assert.IsType<ConnectionSummary>(output[^1].BaseObject);
        Assert.Equal([1, 2, 3, 4], probes.Select(probe => probe.Number));
        Assert.Equal(
            [ConnectionStatus.Answered, ConnectionStatus.TimedOut, ConnectionStatus.Answered, ConnectionStatus.Answered],
            probes.Select(probe => probe.Status));
        Assert.Equal("abcde", probes[0].Response!.Text);
        Assert.StartsWith("No response came from 192.0.2.1:12345", probes[1].Problem, StringComparison.Ordinal);
        var times = probes.Select(probe => probe.RoundTripTime).OfType<TimeSpan>().Order().ToArray();
        Assert.Equal((4, 3, 25.0, 12345), (sums.Sent, sums.Received, sums.LossPercent, sums.DestinationPort));
        Assert.Equal((times[0], times[1], times[2], times[2]), (sums.Minimum, sums.P50, sums.P99, sums.Maximum));
        Assert.Equal(3, sums.Histogram.Sum(bucket => bucket.Count));
        Assert.Equal(RoundTripClock.Kernel, sums.Clock);
        Assert.Empty(Attached());
    }

    [KernelFact]
    public void Late_and_repeated_responses_are_in_the_sums()
    {
        EndPoint? first = null;
        _service = new UdpService(Network, TestNetwork.Left, (socket, request, from) =>
        {
            // The first is answered when the second comes, which is answered twice.
            if (first is null)
            {
                first = from;
                return;
            }

            socket.SendTo(UdpService.Response(request), first);
            socket.SendTo(UdpService.Response(request), from);
            socket.SendTo(UdpService.Response(request), from);
        });

        var sums = Shell.Run("Test-CustomConnection 192.0.2.1 -NoRegister -Interval 0.2 -Timeout 0.1 -Count 3 -Summary").WithoutErrors().Single<ConnectionSummary>();

        // The repetition for the last request may come when all is over.
        Assert.Equal((3, 2), (sums.Sent, sums.Received));
        Assert.Equal(2, sums.Late);
        Assert.InRange(sums.Duplicates, 1, 2);
    }

    [KernelTheory]
    [InlineData("192.0.2.1", new[] { true })]
    [InlineData("192.0.2.1, 192.0.2.2, nope.invalid, 203.0.113.1", new[] { true, false, false, false })]
    public void Quiet_is_a_truth_value_a_destination(string destinations, bool[] expected)
    {
        _service = UdpService.Echo(Network, TestNetwork.Left);

        Assert.Equal(expected, Shell.Run($"Test-CustomConnection {destinations} -NoRegister -Count 2 -Interval 0 -Timeout 0.3 -Quiet").WithoutErrors().All<bool>());
    }

    [KernelFact]
    public void Messages_of_a_result_come_back_from_another_shell()
    {
        _service = UdpService.Echo(Network, TestNetwork.Left);
        Shell.Run("$result = Invoke-CustomRequest 192.0.2.1 -Text hello -NoRegister").WithoutErrors();

        var back = Shell.Run(
            "$back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($result, 1));"
            + "$back.Response; $back.Request; $back.RoundTripTime -eq $result.RoundTripTime").WithoutErrors().Output;

        Assert.Equal(["hello", "hello"], back.Take(2).Select(one => Assert.IsType<CustomMessage>(one.BaseObject).Text));
        Assert.Equal(true, back[2].BaseObject);
    }
}

using System.Diagnostics;
using System.Net;
using CustomProto.Exchange;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Exchange;

/// <summary>Requests that are answered, or not, and by which programs and sockets that is seen.</summary>
[Collection(KernelSuite.Name)]
public sealed class RequesterTests : RequesterTest
{
    [KernelTheory(KernelNeed.Bpf | KernelNeed.Tcx)]
    [InlineData("192.0.2.2", "0.0.0.0")]
    [InlineData("2001:db8::2", "::")]
    public void Round_trip_lies_between_stamps_of_programs_registered_for_the_while(string destination, string listen)
    {
        using var service = UdpService.Echo(Network, TestNetwork.Right, IPAddress.Parse(listen));

        var (outcome, reason) = Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions());
            requester.Send(IPAddress.Parse(destination), Request("Hello"));
            return (requester.Next(Patience)!, requester.ReadReason(IPAddress.Parse(destination)));
        });

        var result = outcome.Result!;
        Assert.Equal(RoundTripClock.Kernel, result.Clock);
        AssertIsAnswer(result, destination, "Hello");
        Assert.Equal(result.Response.MonotonicNanoseconds - result.Request.MonotonicNanoseconds, result.RoundTripTime.Ticks * 100, 100.0);
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), result.Request.DestinationMac.ToString());
        Assert.Contains("is registered for the while (Xdp)", reason, StringComparison.Ordinal);
        Assert.Contains("is registered for the while (TcEgress)", reason, StringComparison.Ordinal);
        Assert.Empty(Network.Run(TestNetwork.Left, () => NetworkLinks.Get("veth0")).XdpAttachments);
        Assert.Empty(Receivers.All);
    }

    [KernelTheory]
    [InlineData("192.0.2.2", "0.0.0.0")]
    [InlineData("2001:db8::2", "::")]
    public void Response_comes_to_a_socket_where_no_program_is_to_be(string destination, string listen)
    {
        using var service = UdpService.Echo(Network, TestNetwork.Right, IPAddress.Parse(listen));

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(Sockets());
            RequestResult result;
            do
            {
                // The network stack begins to stamp a moment after the first socket asked for it.
                requester.Send(IPAddress.Parse(destination), Request("Hello"));
                result = requester.Next(Patience)!.Result!;
                AssertIsAnswer(result, destination, "Hello");
                Assert.Equal(result.Clock == RoundTripClock.User ? TimestampSource.User : TimestampSource.Socket, result.Response.TimestampSource);
            }
            while (result.Clock != RoundTripClock.UserToSocket);
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(MatchAction.Drop)]
    [InlineData(MatchAction.Pass)]
    public void A_registered_program_is_used_and_stays(MatchAction action)
    {
        using var service = UdpService.Echo(Network, TestNetwork.Right);
        using var receiver = Network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", MatchAction = action }));

        var result = Ask(new RequestOptions { RegisterPrograms = false }, "192.0.2.2", "Hello").Result!;

        Assert.Equal(RoundTripClock.UserToKernel, result.Clock);
        AssertIsAnswer(result, "192.0.2.2", "Hello");
        Assert.Equal(1, receiver.ReadStatistics().Valid);

        // What others read isn't taken from them, and the reader for the request has gone.
        using var reader = receiver.OpenReader();
        Assert.Equal("Hello", reader.Read(Patience)!.Text);
        Assert.Equal([Receiver.DefaultReader], receiver.Readers);
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(AttachPoint.Xdp)]
    [InlineData(AttachPoint.TcIngress)]
    public void Registered_programs_stamp_both_ends(AttachPoint point)
    {
        using var service = UdpService.Echo(Network, TestNetwork.Right);
        using var arrivals = Network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", AttachPoint = point, MatchAction = MatchAction.Drop }));
        using var departures = Network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", AttachPoint = AttachPoint.TcEgress }));

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = false });
            for (var i = 0; i < 50; i++)
            {
                requester.Send(IPAddress.Parse("192.0.2.2"), Request($"{i}"));
                var result = requester.Next(Patience)!.Result!;
                AssertIsAnswer(result, "192.0.2.2", $"{i}");
                Assert.Equal((RoundTripClock.Kernel, PacketDirection.Egress), (result.Clock, result.Request.Direction));
            }
        });

        Assert.Equal(50, departures.ReadStatistics().Delivered);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Where_a_foreign_program_holds_the_interface_tc_receives()
    {
        using var service = UdpService.Echo(Network, TestNetwork.Right);
        using var foreign = Network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", Ports = [9] }));

        var result = Ask(new RequestOptions(), "192.0.2.2", "Hello").Result!;

        Assert.Equal(RoundTripClock.Kernel, result.Clock);
        AssertIsAnswer(result, "192.0.2.2", "Hello");
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData("192.0.2.2")]
    [InlineData("2001:db8::2")]
    public void The_kernel_answers_and_two_responders_answer_each_other_nothing(string destination)
    {
        using var left = RegisterResponder(TestNetwork.Left);
        using var right = RegisterResponder(TestNetwork.Right);

        var result = Ask(new RequestOptions(), destination, "Hello").Result!;

        AssertIsAnswer(result, destination, "Hello");
        Assert.Equal(RoundTripClock.Kernel, result.Clock);
        Assert.Equal((1, 1), (right.ReadStatistics().Seen, right.ReadStatistics().Answered));
        Assert.Equal((1, 0), (left.ReadStatistics().Seen, left.ReadStatistics().Answered));

        Receiver RegisterResponder(int host) => Network.Run(host, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(host),
            Responder = new ResponderOptions(),
        }));
    }

    [KernelTheory]
    [InlineData("192.0.2.1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_request_to_this_host_goes_over_loopback(string own)
    {
        using var service = UdpService.Echo(Network, TestNetwork.Left, own.Contains(':', StringComparison.Ordinal) ? IPAddress.IPv6Any : IPAddress.Any);

        var result = Ask(new RequestOptions(), own, "me").Result!;

        Assert.True(result.Clock is RoundTripClock.UserToSocket or RoundTripClock.User);
        Assert.Equal(("lo", "me"), (result.Response.Interface, result.Response.Text));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Nobody_listening_is_told_as_what_it_is(bool program)
    {
        var clock = Stopwatch.StartNew();
        var error = Ask(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(200), Retry = 1 }, "192.0.2.2", "x").Error!;

        Assert.Equal((FailureKind.Timeout, "PortUnreachable"), (error.Kind, error.ErrorId));
        Assert.StartsWith(
            "No response came from 192.0.2.2:12345 over 'veth0' within 200 ms, 2 times. ICMP port unreachable came back: nothing listens on port 12345 there.",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("Register-XdpProgram -Respond", error.Hint, StringComparison.Ordinal);
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(400));
    }

    [KernelFact]
    public void A_service_that_is_silent_leads_to_one_error_with_a_remedy()
    {
        using var service = new UdpService(Network, TestNetwork.Right, (_, _, _) => { });

        var error = Ask(Sockets(timeout: 50) with { Retry = 2 }, "192.0.2.2", "x").Error!;

        Assert.Equal((FailureKind.Timeout, "NoResponse"), (error.Kind, error.ErrorId));
        Assert.StartsWith("No response came from 192.0.2.2:12345 over 'veth0' within 50 ms, 3 times. ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Register-XdpProgram -Interface veth0", error.Hint, StringComparison.Ordinal);
        Assert.Equal(3, service.Received);
    }

    [KernelFact]
    public void Many_destinations_are_waited_for_together()
    {
        // More than are outstanding at a time.
        const int Hosts = 30;
        const int Each = 6;
        var commands = string.Concat(Enumerable.Range(1, Hosts).Select(i => $"address add 198.51.100.{i}/32 dev veth1\n"));
        Network.Execute(TestNetwork.Right, "ip", "-batch -", commands);
        Network.Ip(TestNetwork.Left, "route add 198.51.100.0/24 via 192.0.2.2");
        var services = Enumerable.Range(1, Hosts).Select(i => UdpService.Echo(Network, TestNetwork.Right, IPAddress.Parse($"198.51.100.{i}"))).ToArray();

        var results = Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(Sockets(timeout: 5000));
            for (var i = 0; i < Hosts * Each; i++)
            {
                requester.Send(IPAddress.Parse($"198.51.100.{(i % Hosts) + 1}"), Request($"{i}"));
            }

            Assert.Equal(Hosts * Each, requester.Pending);
            var results = new List<RequestResult>();
            while (requester.Next(Timeout.InfiniteTimeSpan) is { } outcome)
            {
                results.Add(outcome.Result!);
            }

            Assert.Equal(0, requester.Pending);
            return results;
        });

        Array.ForEach(services, service => service.Dispose());
        Assert.Equal(
            Enumerable.Range(0, Hosts * Each).Select(i => ($"198.51.100.{(i % Hosts) + 1}", $"{i}")).ToHashSet(),
            results.Select(result => (result.Destination.ToString(), result.Response.Text)).ToHashSet());
    }

    [KernelFact]
    public void An_interface_that_goes_down_is_named()
    {
        using var service = new UdpService(Network, TestNetwork.Right, (_, _, _) => Network.Ip(TestNetwork.Left, "link set dev veth0 down"));

        var error = Ask(Sockets(timeout: 1000), "192.0.2.2", "x").Error!;

        Assert.Contains("'veth0' is down.", error.Message, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_that_goes_away_ends_the_wait_with_an_error_and_the_next_request_works()
    {
        var answering = false;
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
        {
            if (Volatile.Read(ref answering))
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });
        var receiver = Network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0" }));

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { Timeout = Patience });
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("1"));
            receiver.Dispose();
            Assert.Equal(FailureKind.Gone, requester.Next(Patience)!.Error!.Kind);

            Volatile.Write(ref answering, true);
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("2"));
            Assert.Equal("2", requester.Next(Patience)!.Result!.Response.Text);
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Cancelling_ends_a_wait_at_once(bool program)
    {
        using var service = new UdpService(Network, TestNetwork.Right, (_, _, _) => { });
        using var stop = new CancellationTokenSource();
        using var sent = new ManualResetEventSlim();
        var waiting = Network.Start(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromHours(1) });
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("x"));
            sent.Set();
            return Assert.ThrowsAny<OperationCanceledException>(() => requester.Next(Timeout.InfiniteTimeSpan, stop.Token));
        });
        Assert.True(sent.Wait(Patience));

        stop.Cancel();

        Assert.True(waiting.Wait(Patience));
    }

    [KernelFact]
    public void What_can_not_be_sent_is_refused_before_anything_is_sent()
    {
        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(Sockets());
            Assert.Equal("RequestToGroup", Assert.Throws<CustomProtoException>(() => requester.Send(IPAddress.Parse("192.0.2.255"), Request("x"))).ErrorId);
            Assert.Equal("RequestToGroup", Assert.Throws<CustomProtoException>(() => requester.Send(IPAddress.Parse("ff02::1%veth0"), Request("x"))).ErrorId);
            Assert.Equal(FailureKind.Unreachable, Assert.Throws<NativeException>(() => requester.Send(IPAddress.Parse("203.0.113.1"), Request("x"))).Kind);
            var tooLong = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, new byte[1467]);
            Assert.Equal("DataExceedsMtu", Assert.Throws<CustomProtoException>(() => requester.Send(IPAddress.Parse("192.0.2.2"), tooLong)).ErrorId);
            using var foreign = new Requester(Sockets() with { SourceAddress = IPAddress.Parse("192.0.2.77") });
            Assert.Equal("SourceNotOwn", Assert.Throws<CustomProtoException>(() => foreign.Send(IPAddress.Parse("192.0.2.2"), Request("x"))).ErrorId);
            Assert.Equal(0, requester.Pending);
        });
    }
}

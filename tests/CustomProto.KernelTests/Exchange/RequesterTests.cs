using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CustomProto.Exchange;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Exchange;

/// <summary>Requests and responses over a veth pair, with a plain UDP socket as the service.</summary>
[Collection(KernelSuite.Name)]
public sealed class RequesterTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Bpf | KernelNeed.Tcx)]
    [InlineData("192.0.2.2", "0.0.0.0")]
    [InlineData("2001:db8::2", "::")]
    public void Round_trip_lies_between_stamps_of_programs_registered_for_the_while(string destination, string listen)
    {
        using var service = UdpService.Echo(_network, TestNetwork.Right, IPAddress.Parse(listen));

        var (outcome, reason) = _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions());
            requester.Send(IPAddress.Parse(destination), Request("Hello"));
            return (requester.Next(s_patience)!, requester.ReadReason(IPAddress.Parse(destination)));
        });

        var result = outcome.Result!;
        Assert.Equal(RoundTripClock.Kernel, result.Clock);
        AssertIsAnswer(result, destination, "Hello");
        Assert.Equal(result.Response.MonotonicNanoseconds - result.Request.MonotonicNanoseconds, result.RoundTripTime.Ticks * 100, 100.0);
        Assert.Equal(TestNetwork.Mac(TestNetwork.Right), result.Request.DestinationMac.ToString());
        Assert.Contains("is registered for the while (Xdp)", reason, StringComparison.Ordinal);
        Assert.Contains("is registered for the while (TcEgress)", reason, StringComparison.Ordinal);
        Assert.Empty(_network.Run(TestNetwork.Left, () => NetworkLinks.Get("veth0")).XdpAttachments);
        Assert.Empty(Receivers.All);
    }

    [KernelTheory]
    [InlineData("192.0.2.2", "0.0.0.0")]
    [InlineData("2001:db8::2", "::")]
    public void Response_comes_to_a_socket_where_no_program_is_to_be(string destination, string listen)
    {
        using var service = UdpService.Echo(_network, TestNetwork.Right, IPAddress.Parse(listen));

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(Sockets());
            RequestResult result;
            do
            {
                // The network stack begins to stamp a moment after the first socket asked for it.
                requester.Send(IPAddress.Parse(destination), Request("Hello"));
                result = requester.Next(s_patience)!.Result!;
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
        using var service = UdpService.Echo(_network, TestNetwork.Right);
        using var receiver = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", MatchAction = action }));

        var result = Ask(new RequestOptions { RegisterPrograms = false }, "192.0.2.2", "Hello").Result!;

        Assert.Equal(RoundTripClock.UserToKernel, result.Clock);
        AssertIsAnswer(result, "192.0.2.2", "Hello");
        Assert.Equal(1, receiver.ReadStatistics().Valid);

        // What others read isn't taken from them, and the reader for the request has gone.
        using var reader = receiver.OpenReader();
        Assert.Equal("Hello", reader.Read(s_patience)!.Text);
        Assert.Equal([Receiver.DefaultReader], receiver.Readers);
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(AttachPoint.Xdp)]
    [InlineData(AttachPoint.TcIngress)]
    public void Registered_programs_stamp_both_ends(AttachPoint point)
    {
        using var service = UdpService.Echo(_network, TestNetwork.Right);
        using var arrivals = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", AttachPoint = point, MatchAction = MatchAction.Drop }));
        using var departures = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", AttachPoint = AttachPoint.TcEgress }));

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = false });
            for (var i = 0; i < 50; i++)
            {
                requester.Send(IPAddress.Parse("192.0.2.2"), Request($"{i}"));
                var result = requester.Next(s_patience)!.Result!;
                AssertIsAnswer(result, "192.0.2.2", $"{i}");
                Assert.Equal((RoundTripClock.Kernel, PacketDirection.Egress), (result.Clock, result.Request.Direction));
            }
        });

        Assert.Equal(50, departures.ReadStatistics().Delivered);
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Where_a_foreign_program_holds_the_interface_tc_receives()
    {
        using var service = UdpService.Echo(_network, TestNetwork.Right);
        using var foreign = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0", Ports = [9] }));

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

        Receiver RegisterResponder(int host) => _network.Run(host, () => Receiver.Register(new ReceiverOptions
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
        using var service = UdpService.Echo(_network, TestNetwork.Left, own.Contains(':', StringComparison.Ordinal) ? IPAddress.IPv6Any : IPAddress.Any);

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
        using var service = new UdpService(_network, TestNetwork.Right, (_, _, _) => { });

        var error = Ask(Sockets(timeout: 50) with { Retry = 2 }, "192.0.2.2", "x").Error!;

        Assert.Equal((FailureKind.Timeout, "NoResponse"), (error.Kind, error.ErrorId));
        Assert.StartsWith("No response came from 192.0.2.2:12345 over 'veth0' within 50 ms, 3 times. ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Register-XdpProgram -Interface veth0", error.Hint, StringComparison.Ordinal);
        Assert.Equal(3, service.Received);
    }

    [KernelFact]
    public void A_retry_comes_from_a_port_of_its_own_and_its_time_counts()
    {
        var ports = new List<int>();
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            ports.Add(((IPEndPoint)from).Port);
            if (ports.Count == 3)
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });

        var result = Ask(Sockets(timeout: 300) with { Retry = 5 }, "192.0.2.2", "x").Result!;

        Assert.Equal(3, result.Try);
        Assert.Equal(3, ports.Distinct().Count());
        Assert.Equal(ports[2], result.Request.SourcePort);
        Assert.True(result.RoundTripTime < TimeSpan.FromMilliseconds(300));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void A_late_response_is_not_taken_for_the_answer_to_the_next_request(bool program)
    {
        (byte[] Request, EndPoint From)? held = null;
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            if (held is null)
            {
                held = (request, from);
                return;
            }

            // First the answer that the first request waited for, then that of the second.
            socket.SendTo(UdpService.Response(held.Value.Request), held.Value.From);
            socket.SendTo(UdpService.Response(request), from);
        });

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(300) });
            var address = IPAddress.Parse("192.0.2.2");
            requester.Send(address, Request("first"));
            Assert.Equal("NoResponse", requester.Next(s_patience)!.Error!.ErrorId);
            requester.Send(address, Request("second"));
            var outcome = requester.Next(s_patience)!;

            Assert.Equal("second", outcome.Result!.Response.Text);
            Assert.Equal(new ExchangeCounts { Sent = 2, Answered = 1, Late = 1 }, requester.ReadCounts(address));
        });
    }

    [KernelFact]
    public void A_response_to_an_earlier_try_is_late_and_the_error_advises_patience()
    {
        (byte[] Request, EndPoint From)? held = null;
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            if (held is { } first)
            {
                socket.SendTo(UdpService.Response(first.Request), first.From);
            }
            else
            {
                held = (request, from);
            }
        });

        var error = Ask(Sockets(timeout: 200) with { Retry = 1 }, "192.0.2.2", "x").Error!;

        Assert.Contains("within 200 ms, 2 times. 1 response came later.", error.Message, StringComparison.Ordinal);
        Assert.Equal("Give a longer -Timeout.", error.Hint);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Duplicates_are_counted_and_answer_nothing(bool program)
    {
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            for (var i = 0; i < 3; i++)
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program });
            var address = IPAddress.Parse("192.0.2.2");
            foreach (var text in (string[])["1", "2", "3"])
            {
                requester.Send(address, Request(text));
                Assert.Equal(text, requester.Next(s_patience)!.Result!.Response.Text);
            }

            while (requester.ReadCounts(address).Duplicates < 6)
            {
                Assert.Null(requester.Next(TimeSpan.FromMilliseconds(10)));
            }

            Assert.Equal(new ExchangeCounts { Sent = 3, Answered = 3, Duplicates = 6 }, requester.ReadCounts(address));
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void A_response_from_another_port_is_foreign(bool program)
    {
        using var other = _network.Run(TestNetwork.Right, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 12346));
            return socket;
        });
        using var service = new UdpService(_network, TestNetwork.Right, (_, request, from) => other.SendTo(UdpService.Response(request), from));
        var protocol = new ProtocolDefinition("Two", [12345, 12346], 6, ProtocolDefinition.Default.Fields);

        var error = Ask(
            new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(200), Protocol = protocol },
            "192.0.2.2",
            CustomMessage.Create(protocol, MessageType.Request, "x"u8)).Error!;

        Assert.Contains("1 message came from somebody else, 192.0.2.2:12346.", error.Message, StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void A_spoofed_source_is_foreign_and_the_true_response_counts(bool program)
    {
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            var port = ((IPEndPoint)from).Port;
            _network.Execute(
                TestNetwork.Right,
                "/usr/bin/python3",
                "-c \"import logging; logging.getLogger('scapy').setLevel(logging.ERROR); from scapy.all import *; "
                + $"sendp(Ether(src='{TestNetwork.Mac(TestNetwork.Right)}',dst='{TestNetwork.Mac(TestNetwork.Left)}')/IP(src='192.0.2.99',dst='192.0.2.1')"
                + $"/UDP(sport=12345,dport={port})/bytes.fromhex('cafe010200016c'), iface='veth1', verbose=0)\"");
            socket.SendTo(UdpService.Response(request), from);
        });

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = s_patience });
            var address = IPAddress.Parse("192.0.2.2");
            requester.Send(address, Request("true"));

            Assert.Equal("true", requester.Next(s_patience)!.Result!.Response.Text);
            Assert.Equal(new ExchangeCounts { Sent = 1, Answered = 1, Foreign = 1 }, requester.ReadCounts(address));
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_type_is_no_response_unless_it_is_asked_for(bool program)
    {
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            request[3] = 9;
            socket.SendTo(request, from);
        });
        var options = new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(200) };

        var error = Ask(options, "192.0.2.2", "x").Error!;
        Assert.Contains("1 message of another type came (9).", error.Message, StringComparison.Ordinal);
        Assert.Equal("Name the type that the service answers with: -ResponseType.", error.Hint);
        Assert.Equal((MessageType)9, Ask(options with { ResponseType = (MessageType)9 }, "192.0.2.2", "x").Result!.Response.Type);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_no_message_is_said_with_its_reason(bool program)
    {
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            request[0] = 0;
            socket.SendTo(request, from);
        });

        var error = Ask(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(200) }, "192.0.2.2", "x").Error!;

        Assert.Contains("Packets on the port came that are no valid messages: 1 (BadMagic).", error.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Many_destinations_are_waited_for_together()
    {
        // More than are outstanding at a time.
        const int Hosts = 30;
        const int Each = 6;
        var commands = string.Concat(Enumerable.Range(1, Hosts).Select(i => $"address add 198.51.100.{i}/32 dev veth1\n"));
        _network.Execute(TestNetwork.Right, "ip", "-batch -", commands);
        _network.Ip(TestNetwork.Left, "route add 198.51.100.0/24 via 192.0.2.2");
        var services = Enumerable.Range(1, Hosts).Select(i => UdpService.Echo(_network, TestNetwork.Right, IPAddress.Parse($"198.51.100.{i}"))).ToArray();

        var results = _network.Run(TestNetwork.Left, () =>
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
        using var service = new UdpService(_network, TestNetwork.Right, (_, _, _) => _network.Ip(TestNetwork.Left, "link set dev veth0 down"));

        var error = Ask(Sockets(timeout: 1000), "192.0.2.2", "x").Error!;

        Assert.Contains("'veth0' is down.", error.Message, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_that_goes_away_ends_the_wait_with_an_error_and_the_next_request_works()
    {
        var answering = false;
        using var service = new UdpService(_network, TestNetwork.Right, (socket, request, from) =>
        {
            if (Volatile.Read(ref answering))
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });
        var receiver = _network.Run(TestNetwork.Left, () => Receiver.Register(new ReceiverOptions { Interface = "veth0" }));

        _network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { Timeout = s_patience });
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("1"));
            receiver.Dispose();
            Assert.Equal(FailureKind.Gone, requester.Next(s_patience)!.Error!.Kind);

            Volatile.Write(ref answering, true);
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("2"));
            Assert.Equal("2", requester.Next(s_patience)!.Result!.Response.Text);
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Cancelling_ends_a_wait_at_once(bool program)
    {
        using var service = new UdpService(_network, TestNetwork.Right, (_, _, _) => { });
        using var stop = new CancellationTokenSource();
        using var sent = new ManualResetEventSlim();
        var waiting = _network.Start(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromHours(1) });
            requester.Send(IPAddress.Parse("192.0.2.2"), Request("x"));
            sent.Set();
            return Assert.ThrowsAny<OperationCanceledException>(() => requester.Next(Timeout.InfiniteTimeSpan, stop.Token));
        });
        Assert.True(sent.Wait(s_patience));

        stop.Cancel();

        Assert.True(waiting.Wait(s_patience));
    }

    [KernelFact]
    public void What_can_not_be_sent_is_refused_before_anything_is_sent()
    {
        _network.Run(TestNetwork.Left, () =>
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

    static RequestOptions Sockets(int timeout = 2000) => new() { RegisterPrograms = false, Timeout = TimeSpan.FromMilliseconds(timeout) };

    static CustomMessage Request(string text) => CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, Encoding.UTF8.GetBytes(text));

    static void AssertIsAnswer(RequestResult result, string destination, string text)
    {
        Assert.Equal((destination, 12345, 1), (result.Destination.ToString(), result.DestinationPort, result.Try));
        Assert.Equal((MessageType.Request, text), (result.Request.Type, result.Request.Text));
        Assert.Equal((MessageType.Response, text), (result.Response.Type, result.Response.Text));
        Assert.Equal((destination, 12345), (result.Response.SourceAddress!.ToString(), result.Response.SourcePort));
        Assert.Equal((destination, 12345), (result.Request.DestinationAddress!.ToString(), result.Request.DestinationPort));
        Assert.Equal(result.Request.SourcePort, result.Response.DestinationPort);
        Assert.Equal((PacketDirection.Egress, PacketDirection.Ingress), (result.Request.Direction, result.Response.Direction));
        Assert.InRange(result.RoundTripTime, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(2));
        Assert.InRange(result.Response.Timestamp, result.Request.Timestamp.AddMilliseconds(-1), DateTimeOffset.Now.AddMilliseconds(1));
    }

    RequestOutcome Ask(RequestOptions options, string destination, string text) => Ask(options, destination, Request(text));

    RequestOutcome Ask(RequestOptions options, string destination, CustomMessage request) => _network.Run(TestNetwork.Left, () =>
    {
        using var requester = new Requester(options);
        requester.Send(IPAddress.Parse(destination), request);
        return requester.Next(Timeout.InfiniteTimeSpan)!;
    });
}

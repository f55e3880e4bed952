using System.Net;
using System.Net.Sockets;
using CustomProto.Exchange;
using CustomProto.Protocol;

namespace CustomProto.KernelTests.Exchange;

/// <summary>What comes back late, twice, from somebody else, or as something else than a response.</summary>
[Collection(KernelSuite.Name)]
public sealed class UnexpectedResponseTests : RequesterTest
{
    [KernelFact]
    public void A_retry_comes_from_a_port_of_its_own_and_its_time_counts()
    {
        var ports = new List<int>();
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
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
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
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

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(300) });
            var address = IPAddress.Parse("192.0.2.2");
            requester.Send(address, Request("first"));
            Assert.Equal("NoResponse", requester.Next(Patience)!.Error!.ErrorId);
            requester.Send(address, Request("second"));
            var outcome = requester.Next(Patience)!;

            Assert.Equal("second", outcome.Result!.Response.Text);
            Assert.Equal(new ExchangeCounts { Sent = 2, Answered = 1, Late = 1 }, requester.ReadCounts(address));
        });
    }

    [KernelFact]
    public void A_response_to_an_earlier_try_is_late_and_the_error_advises_patience()
    {
        (byte[] Request, EndPoint From)? held = null;
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
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
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
        {
            for (var i = 0; i < 3; i++)
            {
                socket.SendTo(UdpService.Response(request), from);
            }
        });

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program });
            var address = IPAddress.Parse("192.0.2.2");
            foreach (var text in (string[])["1", "2", "3"])
            {
                requester.Send(address, Request(text));
                Assert.Equal(text, requester.Next(Patience)!.Result!.Response.Text);
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
        using var other = Network.Run(TestNetwork.Right, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 12346));
            return socket;
        });
        using var service = new UdpService(Network, TestNetwork.Right, (_, request, from) => other.SendTo(UdpService.Response(request), from));
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
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
        {
            var port = ((IPEndPoint)from).Port;
            Network.Execute(
                TestNetwork.Right,
                "/usr/bin/python3",
                "-c \"import logging; logging.getLogger('scapy').setLevel(logging.ERROR); from scapy.all import *; "
                + $"sendp(Ether(src='{TestNetwork.Mac(TestNetwork.Right)}',dst='{TestNetwork.Mac(TestNetwork.Left)}')/IP(src='192.0.2.99',dst='192.0.2.1')"
                + $"/UDP(sport=12345,dport={port})/bytes.fromhex('cafe010200016c'), iface='veth1', verbose=0)\"");
            socket.SendTo(UdpService.Response(request), from);
        });

        Network.Run(TestNetwork.Left, () =>
        {
            using var requester = new Requester(new RequestOptions { RegisterPrograms = program, Timeout = Patience });
            var address = IPAddress.Parse("192.0.2.2");
            requester.Send(address, Request("true"));

            Assert.Equal("true", requester.Next(Patience)!.Result!.Response.Text);
            Assert.Equal(new ExchangeCounts { Sent = 1, Answered = 1, Foreign = 1 }, requester.ReadCounts(address));
        });
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_type_is_no_response_unless_it_is_asked_for(bool program)
    {
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
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
        using var service = new UdpService(Network, TestNetwork.Right, (socket, request, from) =>
        {
            request[0] = 0;
            socket.SendTo(request, from);
        });

        var error = Ask(new RequestOptions { RegisterPrograms = program, Timeout = TimeSpan.FromMilliseconds(200) }, "192.0.2.2", "x").Error!;

        Assert.Contains("Packets on the port came that are no valid messages: 1 (BadMagic).", error.Message, StringComparison.Ordinal);
    }
}

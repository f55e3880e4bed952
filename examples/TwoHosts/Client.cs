using System.Net;
using System.Net.Sockets;
using System.Text;
using CustomProto.Exchange;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace TwoHosts;

/// <summary>Sends requests, and shows the responses and how long they took.</summary>
static class Client
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    internal static void Run(string interfaceName, int requests, IPAddress[] servers)
    {
        using var receiver = Receiver.Register(
            new ReceiverOptions { Interface = interfaceName, Mode = AttachMode.Native, MatchAction = MatchAction.Drop });
        SendSomethingElse(servers[0]);

        Console.WriteLine("Round trip: from the kernel's stamp on the departing request (tc) to its stamp on the arriving response (XDP), where the clock is Kernel.");
        Console.WriteLine("The first takes longest: the code that answers is compiled just then.");
        Console.WriteLine();
        Console.WriteLine($"{"Request",-17} {"Source",-20} {"Type",-9} {"Round trip",13} {"Clock",-12} Text");
        Console.WriteLine($"{"-------",-17} {"------",-20} {"----",-9} {"----------",13} {"-----",-12} ----");
        using var requester = new Requester(new RequestOptions { Interface = interfaceName, Timeout = s_patience });
        foreach (var server in servers)
        {
            for (var i = 1; i <= requests; i++)
            {
                Exchange(requester, server, $"Hello {i} over {(server.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6")}");
            }
        }

        Statistics.Show(receiver, requests * servers.Length);
    }

    static void Exchange(Requester requester, IPAddress server, string text)
    {
        requester.Send(server, CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, Encoding.UTF8.GetBytes(text)));
        var outcome = requester.Next(Timeout.InfiniteTimeSpan)!;
        var result = outcome.Result ?? throw outcome.Error!;
        var response = result.Response;
        if (response.Text != Server.Answer)
        {
            throw new DemonstrationException($"'{response.Text}' came as the response to '{text}'.");
        }

        var source = $"{response.SourceAddress}:{response.SourcePort}";
        Console.WriteLine($"{text,-17} {source,-20} {response.TypeName,-9} {result.RoundTripTime.TotalMicroseconds,10:F1} µs {result.Clock,-12} {response.Text}");
    }

    /// <summary>A datagram that isn't a message: it is counted as what it is, and the network stack gets it.</summary>
    static void SendSomethingElse(IPAddress server)
    {
        using var socket = new UdpClient(server.AddressFamily);
        socket.Send("This is no message."u8, new IPEndPoint(server, ProtocolDefinition.Default.Ports[0]));
    }
}

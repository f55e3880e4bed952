using System.Net;
using System.Net.Sockets;
using System.Text;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace TwoHosts;

/// <summary>Sends requests, and shows the responses and how long they took.</summary>
static class Client
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    internal static void Run(string interfaceName, int requests, IPAddress[] servers)
    {
        using var receiver = Receiver.Register(
            new ReceiverOptions { Interface = interfaceName, Mode = AttachMode.Native, MatchAction = MatchAction.Drop });
        using var reader = receiver.OpenReader();
        SendSomethingElse(servers[0]);

        Console.WriteLine("Round trip: from just before the send (user space) to the response's XDP timestamp (kernel).");
        Console.WriteLine("The first takes longest: the code that runs on both hosts is compiled just then.");
        Console.WriteLine();
        Console.WriteLine($"{"Request",-17} {"Source",-20} {"Type",-9} {"Round trip",13} Text");
        Console.WriteLine($"{"-------",-17} {"------",-20} {"----",-9} {"----------",13} ----");
        foreach (var server in servers)
        {
            using var sender = Sender.Open(new SendOptions { Destination = server, Interface = interfaceName, Transport = Transport.Raw });
            for (var i = 1; i <= requests; i++)
            {
                Exchange(sender, reader, $"Hello {i} over {(server.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6")}");
            }
        }

        Statistics.Show(receiver, requests * servers.Length);
    }

    static void Exchange(Sender sender, MessageReader reader, string text)
    {
        sender.Send(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, Encoding.UTF8.GetBytes(text)));
        var response = reader.Read(s_patience)
            ?? throw new DemonstrationException($"No response to '{text}' came within {s_patience.TotalSeconds} seconds.");
        if (response.Type != MessageType.Response || response.Text != Server.Answer || response.DestinationPort != sender.SourcePort)
        {
            throw new DemonstrationException($"'{response.Text}' ({response.TypeName}) came as the response to '{text}'.");
        }

        var microseconds = (response.MonotonicNanoseconds - sender.LatestMonotonicNanoseconds) / 1000.0;
        var source = $"{response.SourceAddress}:{response.SourcePort}";
        Console.WriteLine($"{text,-17} {source,-20} {response.TypeName,-9} {microseconds,10:F1} µs {response.Text}");
    }

    /// <summary>A datagram that isn't a message: it is counted as what it is, and the network stack gets it.</summary>
    static void SendSomethingElse(IPAddress server)
    {
        using var socket = new UdpClient(server.AddressFamily);
        socket.Send("This is no message."u8, new IPEndPoint(server, ProtocolDefinition.Default.Ports[0]));
    }
}

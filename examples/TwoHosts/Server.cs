using System.Net;
using System.Text;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace TwoHosts;

/// <summary>Shows requests as they arrive and answers each.</summary>
static class Server
{
    /// <summary>What every response says.</summary>
    internal const string Answer = "Hello from the server";

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    internal static void Run(string interfaceName, int requests)
    {
        using var receiver = Receiver.Register(
            new ReceiverOptions { Interface = interfaceName, Mode = AttachMode.Native, MatchAction = MatchAction.Drop });
        using var reader = receiver.OpenReader();
        Console.WriteLine($"Program {receiver.ProgramId} runs on {receiver.Interface} ({receiver.Mode}).");
        Console.WriteLine($"Waiting for {requests} requests.");
        Console.WriteLine();
        Console.WriteLine($"{"Time",-15} {"Type",-9} {"Source",-24} {"Length",6} Text");
        Console.WriteLine($"{"----",-15} {"----",-9} {"------",-24} {"------",6} ----");

        // A sender a client: finding the way and opening the socket takes longer than sending.
        var senders = new Dictionary<IPEndPoint, Sender>();
        for (var i = 0; i < requests; i++)
        {
            var request = reader.Read(s_patience)
                ?? throw new DemonstrationException($"Only {i} of {requests} requests came, and then none for {s_patience.TotalSeconds} seconds.");
            var source = $"{request.SourceAddress}:{request.SourcePort}";
            Console.WriteLine($"{request.Timestamp:HH:mm:ss.ffffff} {request.TypeName,-9} {source,-24} {request.Length,6} {request.Text}");

            var client = new IPEndPoint(request.SourceAddress!, request.SourcePort);
            if (!senders.TryGetValue(client, out var sender))
            {
                sender = OpenSender(request);
                senders.Add(client, sender);
            }

            sender.Send(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, Encoding.UTF8.GetBytes(Answer)));
        }

        foreach (var sender in senders.Values)
        {
            sender.Dispose();
        }

        Statistics.Show(receiver, requests);
    }

    static Sender OpenSender(CustomMessage request) => Sender.Open(new SendOptions
    {
        Destination = request.SourceAddress!,
        DestinationPort = request.SourcePort,
        SourceAddress = request.DestinationAddress,
        SourcePort = request.DestinationPort,
        Interface = request.Interface,
        Transport = Transport.Raw,
    });
}

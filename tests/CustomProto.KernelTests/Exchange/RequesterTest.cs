using System.Net;
using System.Text;
using CustomProto.Exchange;
using CustomProto.Protocol;

namespace CustomProto.KernelTests.Exchange;

/// <summary>What the tests of requests share: the left host asks over a veth pair, and a plain UDP socket on the right one is the service.</summary>
public abstract class RequesterTest : IDisposable
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private protected TestNetwork Network { get; } = new(permanentNeighbours: true);

    public void Dispose()
    {
        Network.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static RequestOptions Sockets(int timeout = 2000) => new() { RegisterPrograms = false, Timeout = TimeSpan.FromMilliseconds(timeout) };

    private protected static CustomMessage Request(string text) => CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, Encoding.UTF8.GetBytes(text));

    private protected static void AssertIsAnswer(RequestResult result, string destination, string text)
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

    private protected RequestOutcome Ask(RequestOptions options, string destination, string text) => Ask(options, destination, Request(text));

    private protected RequestOutcome Ask(RequestOptions options, string destination, CustomMessage request) => Network.Run(TestNetwork.Left, () =>
    {
        using var requester = new Requester(options);
        requester.Send(IPAddress.Parse(destination), request);
        return requester.Next(Timeout.InfiniteTimeSpan)!;
    });
}

using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Send-CustomPacket -Reply: requests of plain UDP clients on the left host, answered by a pipeline on the right.</summary>
[Collection(KernelSuite.Name)]
public sealed class ReplyTests : ShellTest
{
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Text pong", "192.0.2.2", new byte[] { 0xCA, 0xFE, 1, 2, 0, 4, (byte)'p', (byte)'o', (byte)'n', (byte)'g' })]
    [InlineData("-Text ''", "192.0.2.2", new byte[] { 0xCA, 0xFE, 1, 2, 0, 0 })]
    [InlineData("-Data 1, 2", "192.0.2.2", new byte[] { 0xCA, 0xFE, 1, 2, 0, 2, 1, 2 })]
    [InlineData("", "192.0.2.2", new byte[] { 0xCA, 0xFE, 1, 2, 0, 3, 0, 27, 255 })]
    [InlineData("-Type 9", "2001:db8::2", new byte[] { 0xCA, 0xFE, 1, 9, 0, 3, 0, 27, 255 })]
    [InlineData("-Transport Udp", "192.0.2.2", new byte[] { 0xCA, 0xFE, 1, 2, 0, 3, 0, 27, 255 })]
    public void Request_is_answered_to_its_sender(string parameters, string server, byte[] expected)
    {
        Register();
        using var client = Connect(server);
        client.Send([0xCA, 0xFE, 1, 1, 0, 3, 0, 27, 255]);

        Shell.Run($"Get-CustomMessage -Count 1 {Patience} | Send-CustomPacket -Reply {parameters}").WithoutErrors();

        // The client is connected, so that nothing gets here that doesn't come from the port that it sent to.
        var answer = new byte[100];
        Assert.Equal(expected, answer[..client.Receive(answer)]);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Every_client_gets_its_own_answers()
    {
        Register();
        Socket[] clients = [Connect("192.0.2.2"), Connect("2001:db8::2"), Connect("192.0.2.2")];
        for (byte round = 1; round <= 3; round++)
        {
            for (byte i = 0; i < clients.Length; i++)
            {
                clients[i].Send([0xCA, 0xFE, 1, 1, 0, 2, i, round]);
            }
        }

        var results = Shell.Run($"Get-CustomMessage -Count 9 {Patience} | Send-CustomPacket -Reply -PassThru").WithoutErrors().All<SendResult>();

        Assert.Equal([3, 3, 3], results.Select(result => result.Packets));
        for (byte i = 0; i < clients.Length; i++)
        {
            using var client = clients[i];
            for (byte round = 1; round <= 3; round++)
            {
                var answer = new byte[100];
                Assert.Equal([0xCA, 0xFE, 1, 2, 0, 2, i, round], answer[..client.Receive(answer)]);
            }
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void More_clients_than_sockets_are_kept_open()
    {
        Register();
        var clients = Enumerable.Range(0, 100).Select(_ => Connect("192.0.2.2")).ToArray();
        foreach (var client in clients)
        {
            client.Send([0xCA, 0xFE, 1, 1, 0, 0]);
        }

        var results = Shell.Run($"Get-CustomMessage -Count 100 {Patience} | Send-CustomPacket -Reply -PassThru").WithoutErrors().All<SendResult>();

        Assert.Equal(100, results.Count);
        foreach (var client in clients)
        {
            Assert.Equal(6, client.Receive(new byte[100]));
            client.Dispose();
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Tagged_request_is_answered_with_its_tags()
    {
        Register();
        using var left = new Shell(Network, TestNetwork.Left);
        left.Run("Register-XdpProgram veth0 -MatchAction Drop").WithoutErrors();
        left.Run("Send-CustomPacket 192.0.2.2 -Text x -VlanId 7, 8 -SourcePort 555").WithoutErrors();

        Shell.Run($"Get-CustomMessage -Interface {Veth} -Count 1 {Patience} | Send-CustomPacket -Reply").WithoutErrors();

        var answer = left.Run($"Get-CustomMessage -Interface veth0 -Count 1 {Patience}").WithoutErrors().Single<CustomMessage>();
        Assert.Equal(("Response", 555, 12345), (answer.TypeName, answer.DestinationPort, answer.SourcePort));
        Assert.Equal([7, 8], answer.VlanId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Responses_are_not_answered()
    {
        Register();
        Send(MessageType.Response, "x");

        var result = Shell.Run($"Get-CustomMessage -Count 1 {Patience} | Send-CustomPacket -Reply -PassThru -Verbose").WithoutErrors();

        Assert.Empty(result.Output);
        Assert.Contains(result.Verbose, line => line.StartsWith("Not replied to: Response", StringComparison.Ordinal));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_cannot_be_answered_is_an_error_and_the_next_is_answered()
    {
        Register();
        Scapy.Send(
            Network,
            "IP(src='203.0.113.5',dst='192.0.2.2')/UDP(sport=4000,dport=12345)/Raw(bytes.fromhex('cafe01010000'))",
            "IP(src='224.0.0.5',dst='192.0.2.2')/UDP(sport=4000,dport=12345)/Raw(bytes.fromhex('cafe01010000'))",
            "IP(src='192.0.2.1',dst='192.0.2.2')/UDP(sport=0,dport=12345)/Raw(bytes.fromhex('cafe01010000'))",
            "IP(src='192.0.2.1',dst='192.0.2.2')/UDP(sport=4000,dport=12345)/Raw(bytes.fromhex('cafe01010000'))");

        var result = Shell.Run($"Get-CustomMessage -Count 4 {Patience} | Send-CustomPacket -Reply -PassThru");

        Assert.Equal(1, result.Single<SendResult>().Packets);
        Assert.Equal(["NeighbourUnresolved", "SourceIsGroup", "PortOutOfRange"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
    }

    [KernelFact]
    public void A_message_that_was_made_here_has_no_sender_to_reply_to()
    {
        var message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, [1]);

        AssertError(Shell.Fail("$args[0] | Send-CustomPacket -Reply", message), ErrorCategory.InvalidArgument, "MessageNotReceived", "SendCustomPacketCommand", "not received");
    }

    Socket Connect(string server) => Network.Run(TestNetwork.Left, () =>
    {
        var address = IPAddress.Parse(server);
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Connect(address, 12345);
        return socket;
    });
}

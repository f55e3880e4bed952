using System.Management.Automation;
using System.Net;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Two hosts joined by a veth pair, and a shell on the right one.</summary>
public abstract class ShellTest : IDisposable
{
    /// <summary>The interface that the shell receives on.</summary>
    private protected const string Veth = "veth1";

    /// <summary>Waits until something is there, for five seconds: enough for a machine that is busy, never used up otherwise.</summary>
    private protected const string Patience = "-IdleTimeout 5";

    private protected ShellTest()
    {
        Network = new TestNetwork(permanentNeighbours: true);
        Shell = new Shell(Network);
    }

    private protected TestNetwork Network { get; }

    private protected Shell Shell { get; }

    public void Dispose()
    {
        Close();
        Shell.Dispose();
        Network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what a test class has of its own, while the network is still there.</summary>
    private protected virtual void Close()
    {
    }

    /// <summary>The programs on the shell's interface, as the kernel says.</summary>
    private protected IReadOnlyList<XdpAttachment> Attached() => Network.Run(TestNetwork.Right, () => NetworkLinks.Get(Veth).XdpAttachments);

    /// <summary>Registers on the shell's interface.</summary>
    private protected void Register(string parameters = "") =>
        Shell.Run($"$program = Register-XdpProgram {Veth} -MatchAction Drop {parameters}").WithoutErrors();

    /// <summary>Sends a message a text from the left host; they arrive in that order.</summary>
    private protected void Send(MessageType type, params string[] texts) =>
        SendPayloads([.. texts.Select(text => MessageEncoder.Encode(ProtocolDefinition.Default, type, System.Text.Encoding.UTF8.GetBytes(text)))]);

    /// <summary>Sends UDP payloads from the left host, with the port of the protocol as destination.</summary>
    private protected void SendPayloads(params byte[][] payloads) => Network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(new SendOptions { Destination = IPAddress.Parse(TestNetwork.IPv4(TestNetwork.Right)), SourcePort = 40000 });
        foreach (var payload in payloads)
        {
            sender.Send(payload);
        }
    });

    /// <summary>Waits for a recording to begin, has it record two messages, and waits for them to be in the file.</summary>
    private protected void RecordTwo(string file)
    {
        // Whenever the command waits, what was taken is in the file; at first its header.
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 1 && Length() > 0, TimeSpan.FromSeconds(60)), "Nothing is being recorded.");
        var header = Length();
        Send(MessageType.Request, "one", "two");

        // One packet, and the interface before it, are shorter than this, and two longer.
        Assert.True(SpinWait.SpinUntil(() => Length() > header + 200, TimeSpan.FromSeconds(20)), $"Nothing was recorded: {Length()} bytes.");

        long Length() => File.Exists(file) ? new FileInfo(file).Length : 0;
    }

    /// <summary>Checks an error record: its category, its id, and that it says what to do.</summary>
    private protected static void AssertError(ErrorRecord error, ErrorCategory category, string errorId, string command, string message)
    {
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Equal($"{errorId},CustomProto.PowerShell.Commands.{command}", error.FullyQualifiedErrorId);
        Assert.Contains(message, error.Exception.Message, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(error.ErrorDetails?.RecommendedAction), $"'{error}' doesn't say what to do.");
        Assert.EndsWith(error.ErrorDetails.RecommendedAction, error.Exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.ErrorDetails.RecommendedAction, error.ToString(), StringComparison.Ordinal);
    }
}

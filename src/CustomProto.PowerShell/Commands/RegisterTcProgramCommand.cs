using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Loads the protocol's tc program and attaches it to interfaces: it receives, or adds or removes the protocol's header.</summary>
[Cmdlet(VerbsLifecycle.Register, "TcProgram", DefaultParameterSetName = ReceiveSet, SupportsShouldProcess = true)]
[OutputType(typeof(TcProgram), typeof(VerificationReport))]
public sealed class RegisterTcProgramCommand : RegisterProgramCommand
{
    const string ReceiveSet = "Receive";
    const string EncapsulateSet = "Encapsulate";
    const string DecapsulateSet = "Decapsulate";

    /// <summary>Which way the packets go that the program sees.</summary>
    [Parameter]
    [ValidateSet(nameof(PacketDirection.Ingress), nameof(PacketDirection.Egress))]
    public PacketDirection? Direction { get; set; }

    /// <summary>Whether plain datagrams that leave become messages.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EncapsulateSet)]
    public SwitchParameter Encapsulate { get; set; }

    /// <summary>The type of those messages.</summary>
    [Parameter(ParameterSetName = EncapsulateSet)]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte Type { get; set; } = (byte)MessageType.Request;

    /// <summary>Whether messages that arrive become plain datagrams.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DecapsulateSet)]
    public SwitchParameter Decapsulate { get; set; }

    /// <summary>The UDP ports, instead of the protocol's own.</summary>
    [Parameter]
    [ValidateCount(1, ProtocolDefinition.MaxPorts)]
    [ValidateRange(1, ushort.MaxValue)]
    public int[]? Port { get; set; }

    /// <summary>What becomes of valid messages.</summary>
    [Parameter(ParameterSetName = ReceiveSet)]
    public MatchAction MatchAction { get; set; }

    /// <summary>Whether the program writes a line a packet to the kernel's trace.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>The ring's size in bytes.</summary>
    [Parameter]
    [ValidateRange((long)ReceiverOptions.MinRingSize, (long)ReceiverOptions.MaxRingSize)]
    public long RingSize { get; set; } = ReceiverOptions.DefaultRingSize;

    /// <summary>How many bytes of a message's data are recorded at most.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int SnapLength { get; set; } = ushort.MaxValue;

    private protected override void Register(NetworkLink link)
    {
        var options = Options(link);
        if (!ShouldProcess($"{link.Name} (index {link.Index})", $"Attach the tc program ({Purpose(options)})"))
        {
            Verify(options);
        }
        else if (Attempt(() => Receiver.Register(options), link.Name, out var receiver))
        {
            Announce(
                $"Program {receiver.ProgramId} runs on {receiver.Interface}, after those that are attached there already.",
                receiver.Notices,
                () => TcSelection.Describe(receiver),
                receiver.Interface,
                receiver.Unregister);
        }
    }

    ReceiverOptions Options(NetworkLink link)
    {
        var direction = Direction ?? (ParameterSetName == EncapsulateSet ? PacketDirection.Egress : PacketDirection.Ingress);
        return new ReceiverOptions
        {
            Interface = link.Name,
            AttachPoint = direction == PacketDirection.Egress ? AttachPoint.TcEgress : AttachPoint.TcIngress,
            Encapsulation = Encapsulate ? Encapsulation.Encapsulate : Decapsulate ? Encapsulation.Decapsulate : Encapsulation.None,
            EncapsulatedType = (MessageType)Type,
            Ports = Port,
            MatchAction = MatchAction,
            Trace = Trace,
            RingSize = (int)RingSize,
            SnapLength = SnapLength,

            // Of what leaves, the source is this host; and looking it up is a good part of what a datagram costs.
            PeerCapacity = Encapsulate || Decapsulate ? 0 : ReceiverOptions.DefaultPeerCapacity,
            Persist = Persist,
        };
    }

    static string Purpose(ReceiverOptions options)
    {
        var direction = options.AttachPoint == AttachPoint.TcEgress ? "egress" : "ingress";
        return options.Encapsulation == Encapsulation.None ? $"{direction}, {options.MatchAction}" : $"{direction}, {options.Encapsulation}";
    }
}

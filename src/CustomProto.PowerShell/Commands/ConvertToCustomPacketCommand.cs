using System.Management.Automation;
using System.Net;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Sending;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Makes the bytes of packets out of messages.</summary>
[Cmdlet(VerbsData.ConvertTo, "CustomPacket")]
[OutputType(typeof(byte[]))]
public sealed class ConvertToCustomPacketCommand : PacketCraftCommand
{
    /// <summary>What only a frame has.</summary>
    static readonly string[] s_ofFrames =
    [
        nameof(SourceMac), nameof(DestinationMac), nameof(VlanId), nameof(SourceAddress), nameof(DestinationAddress), nameof(SourcePort), nameof(Port), nameof(Ttl),
        nameof(Dscp), nameof(Mtu), nameof(Checksum), nameof(Truncate), nameof(Fragment), nameof(FragmentSize), nameof(IPOption), nameof(Fuzz),
    ];

    FrameOptions _options = new();
    PacketMutator? _mutator;
    ProtocolDefinition? _fuzzed;
    bool _makesFrames;

    /// <summary>The messages.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public CustomMessage InputObject { get; set; } = null!;

    /// <summary>What the bytes begin with.</summary>
    [Parameter]
    public PacketForm As { get; set; }

    /// <summary>The MAC address of the sender.</summary>
    [Parameter]
    public MacAddress? SourceMac { get; set; }

    /// <summary>The MAC address of the receiver.</summary>
    [Parameter]
    public MacAddress? DestinationMac { get; set; }

    /// <summary>The VLAN ids, outer first.</summary>
    [Parameter]
    [ValidateCount(0, 2)]
    [ValidateRange(0, 4094)]
    public int[]? VlanId { get; set; }

    /// <summary>The address of the sender.</summary>
    [Parameter]
    public IPAddress? SourceAddress { get; set; }

    /// <summary>The address of the receiver.</summary>
    [Parameter]
    [Alias("Destination")]
    public IPAddress? DestinationAddress { get; set; }

    /// <summary>The UDP port of the sender.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int? SourcePort { get; set; }

    /// <summary>The UDP port of the receiver.</summary>
    [Parameter]
    [Alias("DestinationPort")]
    [ValidateRange(0, ushort.MaxValue)]
    public int? Port { get; set; }

    /// <summary>The time to live or hop limit.</summary>
    [Parameter]
    [ValidateRange(0, 255)]
    public int? Ttl { get; set; }

    /// <summary>The differentiated services code point.</summary>
    [Parameter]
    [ValidateRange(0, 63)]
    public int Dscp { get; set; }

    /// <summary>The longest IP packet.</summary>
    [Parameter]
    [ValidateRange(68, ushort.MaxValue)]
    public int Mtu { get; set; } = 1500;

    /// <summary>How many packets each message makes.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var given = s_ofFrames.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey);
        if (given is not null && As == PacketForm.Payload)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "PayloadHasNoHeaders", $"-{given} is about the headers of a frame, but -As Payload makes none.", $"Use -As Frame, or leave out -{given}.", given)));
        }

        _makesFrames = given is not null || As == PacketForm.Frame;
        _options = new FrameOptions
        {
            SourceMac = SourceMac,
            DestinationMac = DestinationMac,
            VlanId = VlanId,
            SourceAddress = SourceAddress,
            DestinationAddress = DestinationAddress,
            SourcePort = SourcePort,
            DestinationPort = Port,
            Ttl = Ttl,
            Dscp = Dscp,
            Mtu = Mtu,
            Craft = Craft,
        };
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        for (var left = Count; left > 0 && !StopToken.IsCancellationRequested; left--)
        {
            if (!Attempt(Convert, InputObject, out var packets))
            {
                return;
            }

            foreach (var packet in packets)
            {
                WriteObject(packet, enumerateCollection: false);
            }
        }
    }

    IReadOnlyList<byte[]> Convert() => _makesFrames
        ? FrameEncoder.Encode(InputObject, _options, Mutator())
        : [FrameEncoder.EncodePayload(InputObject, Craft)];

    /// <summary>One series goes on from message to message.</summary>
    PacketMutator? Mutator()
    {
        var protocol = KnownProtocols.Find(InputObject.Protocol) ?? ProtocolDefinition.Default;
        if (Craft.FuzzSeed is { } seed && _fuzzed != protocol)
        {
            _fuzzed = protocol;
            _mutator = new PacketMutator(protocol, seed);
        }

        return _mutator;
    }
}

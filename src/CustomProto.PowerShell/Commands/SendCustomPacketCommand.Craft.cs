using System.Management.Automation;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <content>Packets and frames that are ready, files, and what -WhatIf shows.</content>
public sealed partial class SendCustomPacketCommand
{
    const string PathSet = "Path";
    const string PacketSet = "Packet";
    const string FrameSet = "Frame";

    /// <summary>What a ready frame has said already.</summary>
    static readonly string[] s_settledByFrames =
    [
        nameof(Port), nameof(SourcePort), nameof(SourceAddress), nameof(DestinationMac), nameof(SourceMac), nameof(VlanId), nameof(Ttl), nameof(Dscp), nameof(Magic), nameof(Version),
        nameof(Length), nameof(TrailingBytes), nameof(Checksum), nameof(Truncate), nameof(Fragment), nameof(FragmentSize), nameof(IPOption), nameof(Fuzz),
    ];

    readonly LooseBytes _looseBytes = new();
    bool _sendsFrames;
    bool _showsBytes;

    /// <summary>Files whose content is the data, a message each.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>A ready UDP payload, or with -AsFrame a ready frame.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = PacketSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = FrameSet)]
    [LooseByteTransformation]
    [AllowEmptyCollection]
    public byte[] Packet { get; set; } = [];

    /// <summary>Whether the packet is a whole frame, which leaves as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FrameSet)]
    public SwitchParameter AsFrame { get; set; }

    /// <summary>Looks at what the parameters are for.</summary>
    void BeginPackets()
    {
        _sendsFrames = ParameterSetName == FrameSet;
        _showsBytes = MyInvocation.BoundParameters.TryGetValue("WhatIf", out var whatIf) ? ((SwitchParameter)whatIf).IsPresent : Preference("WhatIfPreference", false);
        if (!AsFrame)
        {
            return;
        }

        if (s_settledByFrames.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } settled)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "FrameIsReady", $"With -AsFrame, frames leave as they are, and -{settled} would change them.", $"Leave out -{settled}, or -AsFrame. ConvertTo-CustomPacket makes frames with it.", settled)));
        }

        if (Interface is null)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "InterfaceMissing", "A frame doesn't say which interface it leaves by.", "Say it: -Interface eth0.")));
        }
    }

    void SendFiles()
    {
        foreach (var path in Path)
        {
            if (Attempt(() => PacketFile.Read(GetUnresolvedProviderPathFromPSPath(path)), path, out var content))
            {
                SendData(content, path);
            }
        }
    }

    void SendPackets()
    {
        if (!_looseBytes.TryTake(Packet, MyInvocation.ExpectingInput))
        {
            SendLooseBytes();
            SendPacket(Packet);
        }
    }

    void SendLooseBytes()
    {
        if (_looseBytes.TryFinish(out var bytes))
        {
            SendPacket(bytes);
        }
    }

    void SendPacket(byte[] packet)
    {
        if (!_sendsFrames)
        {
            foreach (var options in _destinations)
            {
                SendOrShow(options, "a UDP payload", packet.Length, packet, null, packet);
            }
        }
        else if (Attempt(() => SendOptions.ForFrame(packet, Interface!) with { Transport = Transport == Transport.Auto ? Transport.Raw : Transport }, packet, out var options))
        {
            SendOrShow(options, "a frame", packet.Length, packet, null, packet);
        }
    }

    /// <summary>With -WhatIf, shows the bytes by their fields: on the screen, as what they would be given to isn't there.</summary>
    void ShowBytes(SendOptions options, byte[] payload, Protocol.CustomMessage? message, object target)
    {
        if (_showsBytes && Attempt(Describe, target, out var lines))
        {
            WriteInformation(new HostInformationMessage { Message = string.Join(Environment.NewLine, lines) }, ["PSHOST"]);
        }

        IReadOnlyList<string> Describe() => message is not null ? SendPreview.Describe(options, message)
            : _sendsFrames ? SendPreview.DescribeFrame(options.Protocol, payload)
            : SendPreview.Describe(options, payload);
    }
}

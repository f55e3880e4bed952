using System.Management.Automation;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <content>Packets and frames that are ready, and what -WhatIf shows.</content>
public sealed partial class SendCustomPacketCommand
{
    /// <summary>What a ready frame has said already.</summary>
    static readonly string[] s_settledByFrames =
    [
        nameof(Port), nameof(SourcePort), nameof(SourceAddress), nameof(DestinationMac), nameof(SourceMac), nameof(VlanId), nameof(Ttl), nameof(Dscp), nameof(Magic), nameof(Version),
        nameof(Length), nameof(TrailingBytes), nameof(Checksum), nameof(Truncate), nameof(Fragment), nameof(FragmentSize), nameof(IPOption), nameof(Fuzz),
        nameof(Threads), nameof(SourcePortCount), nameof(TypeCycle),
    ];

    bool _sendsFrames;
    bool _showsBytes;

    /// <summary>A ready UDP payload, or with -AsFrame a ready frame.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    [Parameter(ParameterSetName = FrameSet)]
    [AllowEmptyCollection]
    [ValidateNotNull]
    public byte[] Packet { get; set; } = [];

    /// <summary>Whether the packet is a whole frame, which leaves as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FrameSet)]
    public SwitchParameter AsFrame { get; set; }

    /// <summary>Looks at what the parameters are for.</summary>
    void BeginPackets()
    {
        _sendsFrames = ParameterSetName == FrameSet;
        _showsBytes = MyInvocation.BoundParameters.TryGetValue("WhatIf", out var whatIf) ? ((SwitchParameter)whatIf).IsPresent : Preference("WhatIfPreference", false);
        if (!_sendsFrames)
        {
            return;
        }

        if (s_settledByFrames.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } settled)
        {
            Refuse("FrameIsReady", $"With -AsFrame, frames leave as they are, and -{settled} would change them.", $"Leave out -{settled}, or -AsFrame. ConvertTo-CustomPacket makes frames with it.", settled);
        }

        if (Transport is Transport.Udp or Transport.Xdp)
        {
            Refuse("FrameNeedsRaw", $"-Transport {Transport} makes headers of its own, so that it can't send the ready frames of -AsFrame.", "Leave out -Transport, or -AsFrame.", Transport);
        }

        if (Interface is null)
        {
            Refuse("InterfaceMissing", "A frame doesn't say which interface it leaves by.", "Say it: -Interface eth0.");
        }
    }

    void SendPacket(byte[] packet)
    {
        if (_sendsFrames)
        {
            SendFrame(packet);
        }
        else if (MayHaveType("ready packet", packet))
        {
            foreach (var options in _destinations)
            {
                SendOrShow(options, "a UDP payload", packet.Length, packet, null, packet);
            }
        }
    }

    void SendFrame(byte[] frame)
    {
        if (Attempt(() => SendOptions.ForFrame(frame, Interface!) with { Transport = Transport == Transport.Auto ? Transport.Raw : Transport }, frame, out var options))
        {
            SendOrShow(options, "a frame", frame.Length, frame, null, frame);
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

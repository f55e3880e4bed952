using System.Collections;
using System.Management.Automation;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <content>The responder, and the peers.</content>
public sealed partial class RegisterXdpProgramCommand
{
    /// <summary>Whether requests are answered in the kernel.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public SwitchParameter Respond { get; set; }

    /// <summary>The data of every response, as text; without it, that of its request.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateNotNull]
    public string? ResponseText { get; set; }

    /// <summary>The data of every response, as bytes.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateNotNull]
    [ValidateCount(0, ResponderOptions.MaxDataLength)]
    public byte[]? ResponseData { get; set; }

    /// <summary>Which types are answered, and with which.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateNotNull]
    public Hashtable? ResponseType { get; set; }

    /// <summary>How many answers a second one source gets; 0 for any number.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateRange(0, ResponderOptions.MaxLimit)]
    public int ResponseLimit { get; set; } = ResponderOptions.DefaultLimit;

    /// <summary>How many answers a second there are in all; 0 for any number.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateRange(0, ResponderOptions.MaxLimit)]
    public int ResponseLimitTotal { get; set; } = ResponderOptions.DefaultTotalLimit;

    /// <summary>Whether a response may be longer than its request.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public SwitchParameter AllowLongerResponse { get; set; }

    /// <summary>For how many sources of messages sums are kept.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateRange(0, ReceiverOptions.MaxPeerCapacity)]
    public int PeerCapacity { get; set; } = ReceiverOptions.DefaultPeerCapacity;
}

using System.Collections;
using System.Management.Automation;
using CustomProto.PowerShell.Parameters;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <content>The responder.</content>
public sealed partial class SetXdpProgramCommand
{
    /// <summary>Whether requests are answered in the kernel.</summary>
    [Parameter]
    public SwitchParameter Respond { get; set; }

    /// <summary>Whether requests are answered no more.</summary>
    [Parameter]
    public SwitchParameter NoRespond { get; set; }

    /// <summary>The data of every response, as text; without it, that of its request.</summary>
    [Parameter]
    [ValidateNotNull]
    public string? ResponseText { get; set; }

    /// <summary>The data of every response, as bytes.</summary>
    [Parameter]
    [ValidateNotNull]
    [ValidateCount(0, ResponderOptions.MaxDataLength)]
    public byte[]? ResponseData { get; set; }

    /// <summary>Which types are answered, and with which.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? ResponseType { get; set; }

    /// <summary>How many answers a second one source gets; 0 for any number.</summary>
    [Parameter]
    [ValidateRange(0, ResponderOptions.MaxLimit)]
    public int ResponseLimit { get; set; } = ResponderOptions.DefaultLimit;

    /// <summary>How many answers a second there are in all; 0 for any number.</summary>
    [Parameter]
    [ValidateRange(0, ResponderOptions.MaxLimit)]
    public int ResponseLimitTotal { get; set; } = ResponderOptions.DefaultTotalLimit;

    /// <summary>Whether a response may be longer than its request.</summary>
    [Parameter]
    public SwitchParameter AllowLongerResponse { get; set; }

    IReadOnlyList<string> ChangeResponder(Receiver receiver, ResponderOptions? current)
    {
        var bound = MyInvocation.BoundParameters;
        return ResponderChoice.IsMade(bound) ? receiver.SetResponder(ResponderChoice.From(bound, current)) : [];
    }
}

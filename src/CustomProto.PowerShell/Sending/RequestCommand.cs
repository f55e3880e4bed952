using System.Management.Automation;
using System.Net;
using CustomProto.Exchange;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Sending;

/// <summary>What the cmdlets that send requests have in common.</summary>
public abstract class RequestCommand : CustomProtoCommand
{
    /// <summary>The UDP port to send to.</summary>
    [Parameter]
    [Alias("DestinationPort")]
    [ValidateRange(1, ushort.MaxValue)]
    public int? Port { get; set; }

    /// <summary>The type of the response.</summary>
    [Parameter]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte ResponseType { get; set; } = (byte)MessageType.Response;

    /// <summary>How long to wait for each response.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = RequestOptions.DefaultTimeout;

    /// <summary>The interface to send from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string? Interface { get; set; }

    /// <summary>The address to send from.</summary>
    [Parameter]
    public IPAddress? SourceAddress { get; set; }

    /// <summary>The time to live or hop limit.</summary>
    [Parameter]
    [ValidateRange(1, 255)]
    public int? Ttl { get; set; }

    /// <summary>The differentiated services code point.</summary>
    [Parameter]
    [ValidateRange(0, 63)]
    public int Dscp { get; set; }

    /// <summary>Whether no program is attached for the while.</summary>
    [Parameter]
    public SwitchParameter NoRegister { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Timeout <= TimeSpan.Zero)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "InvalidTimeout", "A -Timeout of 0 leaves no time for a response.", "Give seconds, such as 2 or 0.5.", Timeout)));
        }
    }

    /// <summary>What the parameters say.</summary>
    /// <param name="protocol">The protocol of the requests.</param>
    private protected RequestOptions OptionsFor(ProtocolDefinition protocol) => new()
    {
        Protocol = protocol,
        DestinationPort = Port,
        ResponseType = (MessageType)ResponseType,
        Timeout = Timeout,
        Interface = Interface,
        SourceAddress = SourceAddress,
        Ttl = Ttl,
        Dscp = Dscp,
        RegisterPrograms = !NoRegister,
    };

    /// <summary>The address that a host's name stands for.</summary>
    private protected IPAddress Resolve(string host) => HostNames.Resolve(host, SourceAddress?.AddressFamily, StopToken);
}

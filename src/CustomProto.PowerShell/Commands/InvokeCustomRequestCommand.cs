using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Text;
using CustomProto.Exchange;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Sending;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Sends requests and emits them with their responses.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CustomRequest", DefaultParameterSetName = TextSet, SupportsShouldProcess = true)]
[OutputType(typeof(RequestResult))]
public sealed class InvokeCustomRequestCommand : RequestCommand
{
    const string TextSet = "Text";
    const string DataSet = "Data";
    const string MessageSet = "Message";

    /// <summary>How many requests are pending at most before the pipeline waits for one of them.</summary>
    const int MaxPending = 1000;

    readonly Dictionary<string, IPAddress> _addresses = [];
    readonly HashSet<IPAddress> _explained = [];
    readonly Func<RequestOutcome?> _next;
    Requester? _requester;

    /// <summary>Makes the command.</summary>
    public InvokeCustomRequestCommand() => _next = () => _requester!.Next(System.Threading.Timeout.InfiniteTimeSpan, StopToken);

    /// <summary>Where to send: addresses or names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = TextSet)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = DataSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = MessageSet)]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>The data as text, sent as UTF-8.</summary>
    [Parameter(Position = 1, ParameterSetName = TextSet)]
    [AllowNull]
    [AllowEmptyString]
    public string? Text { get; set; }

    /// <summary>The data.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DataSet)]
    [AllowEmptyCollection]
    public byte[] Data { get; set; } = [];

    /// <summary>A message to send as it is.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MessageSet)]
    [ValidateNotNull]
    public CustomMessage InputObject { get; set; } = null!;

    /// <summary>The type of the request.</summary>
    [Parameter(ParameterSetName = TextSet)]
    [Parameter(ParameterSetName = DataSet)]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte Type { get; set; } = (byte)MessageType.Request;

    /// <summary>How many times a request is sent again.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int Retry { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!Attempt(MakeRequest, Destination, out var request))
        {
            return;
        }

        var protocol = KnownProtocols.Find(request.Protocol) ?? ProtocolDefinition.Default;
        foreach (var host in Destination)
        {
            if (TryFind(host, out var address) && ShouldProcess(
                new IPEndPoint(address, Port ?? protocol.Ports[0]).ToString(),
                string.Create(CultureInfo.InvariantCulture, $"Send a request ({request.TypeName}, {request.Length} bytes) and wait for its response")))
            {
                Ask(host, address, request, protocol);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (TryWrite(_next))
        {
            // Until all have their outcome.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _requester?.Dispose();
        base.Dispose(disposing);
    }

    CustomMessage MakeRequest() => ParameterSetName switch
    {
        MessageSet => InputObject,
        DataSet => CustomMessage.Create(ProtocolDefinition.Default, (MessageType)Type, Data),
        _ => CustomMessage.Create(ProtocolDefinition.Default, (MessageType)Type, Encoding.UTF8.GetBytes(Text ?? "")),
    };

    bool TryFind(string host, out IPAddress address)
    {
        if (_addresses.TryGetValue(host, out address!))
        {
            return true;
        }

        if (!Attempt(() => Resolve(host), host, out address))
        {
            return false;
        }

        _addresses.Add(host, address);
        return true;
    }

    void Ask(string host, IPAddress address, CustomMessage request, ProtocolDefinition protocol)
    {
        _requester ??= new Requester(OptionsFor(protocol) with { Retry = Retry });
        if (!Attempt(() => _requester.Send(address, request), host))
        {
            return;
        }

        if (_explained.Add(address))
        {
            WriteVerbose($"{host}: {_requester.ReadReason(address)}.");
        }

        while (TryWrite(() => _requester.TryNext(out var outcome) ? outcome : null))
        {
            // What has come in meanwhile.
        }

        if (_requester.Pending >= MaxPending)
        {
            TryWrite(_next);
        }
    }

    /// <summary>Writes an outcome, if there is one.</summary>
    bool TryWrite(Func<RequestOutcome?> next)
    {
        if (_requester is null || !Attempt(next, null, out var outcome) || outcome is null)
        {
            return false;
        }

        if (outcome.Result is { } result)
        {
            WriteObject(result);
        }
        else
        {
            WriteError(ErrorRecords.From(outcome.Error!, outcome.Destination));
        }

        return true;
    }
}

using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Text;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Sending;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Sends messages of the protocol.</summary>
[Cmdlet(VerbsCommunications.Send, "CustomPacket", DefaultParameterSetName = ContentSet, SupportsShouldProcess = true)]
[OutputType(typeof(SendResult))]
public sealed partial class SendCustomPacketCommand : PacketCraftCommand
{
    // Few sets, and one parameter for the pipeline: for each object of a pipeline, PowerShell goes through all parameters that aren't bound,
    // up to eight times, and what is mandatory in some set or taken from a property costs it more.
    const string ContentSet = "Content";
    const string InputSet = "Input";
    const string ReplySet = "Reply";
    const string FrameSet = "Frame";

    readonly List<SendOptions> _destinations = [];
    bool _asks;
    byte[] _payload = [];
    byte[] _text = [];

    /// <summary>Where to send: addresses or names.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ContentSet)]
    [Parameter(Position = 0, ParameterSetName = InputSet)]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>The data as text, sent as UTF-8.</summary>
    [Parameter(Position = 1, ParameterSetName = ContentSet)]
    [Parameter(ParameterSetName = ReplySet)]
    [AllowNull]
    [AllowEmptyString]
    public string? Text { get; set; }

    /// <summary>The data.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    [Parameter(ParameterSetName = ReplySet)]
    [AllowEmptyCollection]
    public byte[] Data { get; set; } = [];

    /// <summary>The type of message.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    [Parameter(ParameterSetName = InputSet)]
    [Parameter(ParameterSetName = ReplySet)]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte? Type { get; set; }

    /// <summary>The UDP port to send to.</summary>
    [Parameter]
    [Alias("DestinationPort")]
    [ValidateRange(1, ushort.MaxValue)]
    public int? Port { get; set; }

    /// <summary>The UDP port to send from.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int? SourcePort { get; set; }

    /// <summary>The address to send from.</summary>
    [Parameter]
    public IPAddress? SourceAddress { get; set; }

    /// <summary>The interface to send from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string? Interface { get; set; }

    /// <summary>The MAC address to send to.</summary>
    [Parameter]
    public MacAddress? DestinationMac { get; set; }

    /// <summary>The MAC address to send from.</summary>
    [Parameter]
    public MacAddress? SourceMac { get; set; }

    /// <summary>The VLAN ids, outer first.</summary>
    [Parameter]
    [ValidateCount(1, 2)]
    [ValidateRange(0, 4094)]
    public int[]? VlanId { get; set; }

    /// <summary>The time to live or hop limit.</summary>
    [Parameter]
    [ValidateRange(1, 255)]
    public int? Ttl { get; set; }

    /// <summary>The differentiated services code point.</summary>
    [Parameter]
    [ValidateRange(0, 63)]
    public int Dscp { get; set; }

    /// <summary>How to send.</summary>
    [Parameter]
    public Transport Transport { get; set; }

    /// <summary>Whether a result is emitted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            _plan = MakePlan();
        }
        catch (CustomProtoException exception)
        {
            ThrowTerminatingError(ErrorRecords.From(exception));
        }

        _asks = AsksBeforeSending();
        BeginContent();
        BeginPackets();
        foreach (var host in Destination)
        {
            if (Attempt(() => HostNames.Resolve(host, SourceAddress?.AddressFamily, StopToken), host, out var address))
            {
                _destinations.Add(Override(new SendOptions { Destination = address }));
            }
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is null)
        {
            SendContent();
        }
        else
        {
            SendInput(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        SendLooseBytes();
        EmptyQueue();
        EndProgress();
        foreach (var sender in _senders.TakeAll())
        {
            Finish(sender);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _queue?.Dispose();
        _senders.Dispose();
        base.Dispose(disposing);
    }

    SendOptions Override(SendOptions options) => OverrideInKernel(options) with
    {
        DestinationPort = Port ?? options.DestinationPort,
        SourcePort = SourcePort ?? options.SourcePort,
        SourceAddress = SourceAddress ?? options.SourceAddress,
        Interface = Interface ?? options.Interface,
        DestinationMac = DestinationMac ?? options.DestinationMac,
        SourceMac = SourceMac ?? options.SourceMac,
        VlanId = VlanId ?? options.VlanId,
        Ttl = Ttl,
        Dscp = Dscp,
        Transport = Transport,
        Craft = Craft,
    };

    void SendReply(CustomMessage message)
    {
        if (message.Type == MessageType.Response)
        {
            // Two hosts that answer each other's answers would never end.
            WriteVerbose($"Not replied to: {message}.");
            return;
        }

        if (Attempt(() => Override(Replies.OptionsFor(message)), message, out var options))
        {
            var data = _content == nameof(Data) ? Data : Text is null ? message.Data : Encoding.UTF8.GetBytes(Text);
            Send(options, TypeOr(MessageType.Response), data, message);
        }
    }

    void SendWhole(CustomMessage message)
    {
        if (!MayHaveType("message", message))
        {
            return;
        }

        foreach (var destination in _destinations)
        {
            var protocol = KnownProtocols.Find(message.Protocol) ?? destination.Protocol;
            var options = protocol == destination.Protocol ? destination : destination with { Protocol = protocol };
            SendOrShow(options, message.TypeName, message.Length, [], message, message);
        }
    }

    /// <summary>Sends a message with the text to each destination, in memory that the next one reuses.</summary>
    void SendText(string text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_text.Length < length)
        {
            _text = new byte[length];
        }

        SendData(_text.AsSpan(0, Encoding.UTF8.GetBytes(text, _text)), null);
    }

    /// <summary>Sends a message with the data to each destination; errors are about the destination, unless the data came from somewhere.</summary>
    void SendData(ReadOnlySpan<byte> data, object? source)
    {
        foreach (var options in _destinations)
        {
            Send(options, TypeOr(MessageType.Request), data, source ?? options.Destination);
        }
    }

    void Send(SendOptions options, MessageType type, ReadOnlySpan<byte> data, object target)
    {
        if (TryEncode(options.Protocol, type, data, target, out var payload))
        {
            SendOrShow(options, options.Protocol.TypeName(type), data.Length, payload, null, target);
        }
    }

    /// <summary>
    /// Makes the payload of a message, in memory that the next one reuses. Without closures, as this runs for each of a hundred thousand lines.
    /// </summary>
    bool TryEncode(ProtocolDefinition protocol, MessageType type, ReadOnlySpan<byte> data, object target, out ReadOnlySpan<byte> payload)
    {
        var length = protocol.HeaderSize + data.Length;
        if (_payload.Length < length)
        {
            _payload = new byte[length];
        }

        ErrorRecord record;
        try
        {
            payload = _payload.AsSpan(0, MessageEncoder.Encode(protocol, type, data, _payload));
            return true;
        }
        catch (CustomProtoException exception)
        {
            payload = [];
            record = ErrorRecords.From(exception, target);
        }

        WriteError(record);
        return false;
    }

    /// <summary>Sends a payload, or a message if there is one, unless the user doesn't want it to be sent.</summary>
    void SendOrShow(SendOptions options, string typeName, int length, ReadOnlySpan<byte> payload, CustomMessage? message, object target)
    {
        if (ShouldSend(options, typeName, length))
        {
            Send(options, payload, message, target);
        }
        else
        {
            ShowBytes(options, payload.ToArray(), message, target);
        }
    }

    bool ShouldSend(SendOptions options, string typeName, int length) => !_asks || ShouldProcess(
        Name(options.Destination, options.DestinationPort ?? options.Protocol.Ports[0]),
        string.Create(CultureInfo.InvariantCulture, $"Send {DescribePlan()}a message ({typeName}, {length} bytes)"));

    /// <summary>
    /// Whether ShouldProcess has to be called: to say what would be done, to ask, or to tell. Otherwise it would only make two strings a
    /// message.
    /// </summary>
    bool AsksBeforeSending()
    {
        var bound = MyInvocation.BoundParameters;
        return bound.ContainsKey("WhatIf") || bound.ContainsKey("Confirm") || bound.ContainsKey("Verbose")
            || Preference("WhatIfPreference", false)
            || Preference("ConfirmPreference", ConfirmImpact.High) is not (ConfirmImpact.High or ConfirmImpact.None)
            || Preference("VerbosePreference", ActionPreference.SilentlyContinue) is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
    }

    T Preference<T>(string name, T usual) => LanguagePrimitives.TryConvertTo<T>(GetVariableValue(name, usual), out var value) ? value : usual;

    MessageType TypeOr(MessageType usual) => Type is { } given ? (MessageType)given : usual;

    static string Name(IPAddress address, int port) => new IPEndPoint(address, port).ToString();
}

using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Messages;

/// <summary>The parameters that say which messages a reader gets; the kernel program judges.</summary>
public abstract class FilteringCommand : CustomProtoCommand
{
    /// <summary>The parameter set in which interfaces are named.</summary>
    private protected const string InterfaceSet = "Interface";

    /// <summary>The parameter set in which programs are given.</summary>
    private protected const string InputObjectSet = "InputObject";

    static readonly string[] s_parameters =
    [
        nameof(Type), nameof(SourceAddress), nameof(SourcePort), nameof(DestinationPort), nameof(DataPrefix), nameof(Field), nameof(Sample), nameof(IncludeRejected),
    ];

    /// <summary>The types, one of which a message has: 0 to 255, or names.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte[] Type { get; set; } = [];

    /// <summary>Where a message comes from: addresses, alone or with a prefix length.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    public string[] SourceAddress { get; set; } = [];

    /// <summary>The source ports, one of which a message has.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(0, ushort.MaxValue)]
    public int[] SourcePort { get; set; } = [];

    /// <summary>The destination ports, one of which a message has.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(0, ushort.MaxValue)]
    public int[] DestinationPort { get; set; } = [];

    /// <summary>What a message's data begins with: bytes, or text.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [BytesTransformation]
    public byte[] DataPrefix { get; set; } = [];

    /// <summary>Values of the header's fields, by name.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public IDictionary Field { get; set; } = new Hashtable();

    /// <summary>Of so many messages that meet the conditions one is kept.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(1, int.MaxValue)]
    public int Sample { get; set; } = 1;

    /// <summary>Whether packets that are no messages come too.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter IncludeRejected { get; set; }

    /// <summary>Whether the user said which messages are wanted.</summary>
    private protected bool HasFilter => s_parameters.Any(MyInvocation.BoundParameters.ContainsKey);

    /// <summary>What the user said.</summary>
    /// <exception cref="CustomProtoException">An address or a value isn't one.</exception>
    private protected ReaderFilter ReadFilter() => new()
    {
        Types = [.. Type.Select(type => (MessageType)type)],
        SourceAddresses = [.. SourceAddress.Select(AddressRange.Parse)],
        SourcePorts = SourcePort,
        DestinationPorts = DestinationPort,
        DataPrefix = DataPrefix,
        Fields = Field.Cast<DictionaryEntry>().ToDictionary(field => ToText(field.Key), field => ToNumber(ToText(field.Key), field.Value), StringComparer.OrdinalIgnoreCase),
        Sample = Sample,
        IncludeRejected = IncludeRejected,
    };

    static string ToText(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    static ulong ToNumber(string field, object? value) => LanguagePrimitives.TryConvertTo<ulong>(value, CultureInfo.InvariantCulture, out var number) && value is not null
        ? number
        : throw new CustomProtoException(
            FailureKind.InvalidArgument,
            "FieldValueInvalid",
            $"The field '{field}' can't be '{value}': it holds a number that isn't negative.",
            "Give a whole number, such as 7 or 0x1F.",
            value);
}

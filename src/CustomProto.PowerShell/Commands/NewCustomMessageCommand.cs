using System.Management.Automation;
using System.Text;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Makes messages without sending them.</summary>
[Cmdlet(VerbsCommon.New, "CustomMessage", DefaultParameterSetName = TextSet)]
[OutputType(typeof(CustomMessage))]
public sealed class NewCustomMessageCommand : CustomProtoCommand
{
    const string TextSet = "Text";
    const string DataSet = "Data";
    const string PathSet = "Path";

    /// <summary>The data as text, taken as UTF-8.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = TextSet)]
    [AllowNull]
    [AllowEmptyString]
    public string? Text { get; set; }

    /// <summary>The data.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DataSet)]
    [AllowEmptyCollection]
    public byte[] Data { get; set; } = [];

    /// <summary>Files whose content is the data.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The type of message.</summary>
    [Parameter]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte Type { get; set; } = (byte)MessageType.Request;

    /// <summary>The value of the version field, instead of the protocol's.</summary>
    [Parameter]
    public ulong? Version { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case PathSet:
                foreach (var path in Path)
                {
                    if (Attempt(() => PacketFile.Read(FilePathOf(path)), path, out var content))
                    {
                        Make(content, path);
                    }
                }

                break;
            case DataSet:
                Make(Data, Data);
                break;
            default:
                Make(Encoding.UTF8.GetBytes(Text ?? ""), Text);
                break;
        }
    }

    void Make(byte[] data, object? target)
    {
        if (Attempt(() => Create(data), target, out var message))
        {
            WriteObject(message);
        }
    }

    CustomMessage Create(byte[] data)
    {
        var protocol = ProtocolDefinition.Default;
        var message = CustomMessage.Create(protocol, (MessageType)Type, data);
        return Version is null ? message : new CustomMessage(protocol, FrameEncoder.EncodePayload(message, new PacketCraft { Version = Version }), data.Length);
    }
}

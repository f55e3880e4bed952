using System.Collections;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using CustomProto.PowerShell.Messages;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <content>What is sent: what the parameters give, or what comes through the pipeline.</content>
public sealed partial class SendCustomPacketCommand
{
    /// <summary>Each says what to send, so that only one may be given.</summary>
    static readonly string[] s_contents = [nameof(Text), nameof(Data), nameof(Packet), nameof(Path), nameof(DataLength)];

    readonly LooseBytes _looseBytes = new();
    string? _content;
    bool _replies;

    /// <summary>Files whose content is the data, a message each.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>What to send: text, a message, bytes or a file; or a message to reply to.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputSet)]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ReplySet)]
    [Parameter(ValueFromPipeline = true, ParameterSetName = FrameSet)]
    public PSObject? InputObject { get; set; }

    /// <summary>Whether to answer the message's sender.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplySet)]
    public SwitchParameter Reply { get; set; }

    /// <summary>Looks at whether the parameters say once what to send, and where.</summary>
    void BeginContent()
    {
        var bound = MyInvocation.BoundParameters;
        _replies = ParameterSetName == ReplySet;
        if (ParameterSetName == InputSet && Destination.Length == 0)
        {
            Refuse("DestinationMissing", "Nothing says where to send.", "Give an address or a name: Send-CustomPacket 192.0.2.7. With -Reply, messages are answered to their senders.");
        }

        string[] contents = [.. s_contents.Where(bound.ContainsKey)];
        if (contents.Length > 1)
        {
            RefuseContent($"-{contents[0]}", $"-{contents[1]}");
        }

        _content = contents.FirstOrDefault();
        if (bound.ContainsKey(nameof(Pattern)) && _content != nameof(DataLength))
        {
            Refuse("PatternWithoutLength", $"-Pattern {Pattern} says what made-up data look like, but not how long they are.", "Give -DataLength too, or leave out -Pattern.", Pattern);
        }
    }

    /// <summary>Sends what the parameters give.</summary>
    void SendContent()
    {
        switch (_content)
        {
            case nameof(Data):
                SendData(Data, null);
                break;
            case nameof(DataLength):
                SendData(PatternData, null);
                break;
            case nameof(Packet):
                SendPacket(Packet);
                break;
            case nameof(Path):
                foreach (var path in Path)
                {
                    SendFile(path);
                }

                break;
            case null when _sendsFrames:
                Refuse("FrameMissing", "There is no frame to send.", "Give its bytes, as ConvertTo-CustomPacket -As Frame makes them: through the pipeline or with -Packet.");
                break;
            default:
                SendText(Text ?? "");
                break;
        }
    }

    /// <summary>Sends, or replies to, what came through the pipeline.</summary>
    void SendInput(PSObject input)
    {
        var value = input.BaseObject;
        if (_replies)
        {
            ReplyTo(input);
        }
        else if (_content is not null)
        {
            RefuseContent($"-{_content}", "the pipeline");
        }
        else if (!TryTakeLooseByte(value))
        {
            SendLooseBytes();
            SendByKind(input, value);
        }
    }

    void SendByKind(PSObject input, object value)
    {
        switch (value)
        {
            case string text when !_sendsFrames:
                SendText(text);
                break;
            case byte[] bytes:
                SendPacket(bytes);
                break;
            case IEnumerable many and not (string or IDictionary) when LanguagePrimitives.TryConvertTo(many, out byte[] bytes):
                SendPacket(bytes);
                break;
            case not null when _sendsFrames:
                RefuseInput(input, "is no frame", "Give the bytes of a frame, as ConvertTo-CustomPacket -As Frame makes them.");
                break;
            case IFormattable or IConvertible:
                SendText(LanguagePrimitives.ConvertTo<string>(input));
                break;
            case not null when TryGetMessage(input, out var message):
                SendWhole(message);
                break;
            case not null when PathOf(input) is { } path:
                SendFile(path);
                break;
            default:
                RefuseInput(input, "can't be sent", "Give text, messages, bytes or files: ForEach-Object { \"$_\" } makes text of anything.");
                break;
        }
    }

    void ReplyTo(PSObject input)
    {
        if (TryGetMessage(input, out var message))
        {
            SendReply(message);
        }
        else
        {
            RefuseInput(input, "is no message to reply to", "Give messages, as Get-CustomMessage receives them, or say where to send it: Send-CustomPacket 192.0.2.7.");
        }
    }

    bool TryTakeLooseByte(object input) => input switch
    {
        byte single => _looseBytes.TryTake([single], isPiped: true),
        byte[] bytes => _looseBytes.TryTake(bytes, MyInvocation.ExpectingInput),
        _ => false,
    };

    void SendLooseBytes()
    {
        if (_looseBytes.TryFinish(out var bytes))
        {
            SendPacket(bytes);
        }
    }

    void SendFile(string path)
    {
        if (Attempt(() => PacketFile.Read(FilePathOf(path)), path, out var content))
        {
            SendData(content, path);
        }
    }

    /// <summary>A message, also one that a job, a remote shell or a file gave back as a bag of properties.</summary>
    static bool TryGetMessage(PSObject input, [NotNullWhen(true)] out CustomMessage? message)
    {
        message = input.BaseObject as CustomMessage;
        return message is not null || (input.BaseObject is PSCustomObject && LanguagePrimitives.TryConvertTo(input, out message));
    }

    /// <summary>The path of a file, or of what names one.</summary>
    static string? PathOf(PSObject input)
    {
        var properties = new PropertyBag(input);
        return properties.Value(nameof(Path)) as string ?? properties.Value(nameof(FileInfo.FullName)) as string;
    }

    /// <summary>What is ready has its type; another one is refused.</summary>
    bool MayHaveType(string kind, object target)
    {
        if (Type is not { } type)
        {
            return true;
        }

        WriteError(ErrorRecords.From(
            new CustomProtoException(
                FailureKind.InvalidArgument, "TypeIsSettled", $"A {kind} is sent as it is, and -Type {type} would change it.", "Leave out -Type, or send the data alone: -Data $message.Data.", type),
            target));
        return false;
    }

    void RefuseInput(PSObject input, string verdict, string hint) => WriteError(ErrorRecords.From(
        new CustomProtoException(FailureKind.InvalidArgument, "InputNotSendable", $"'{input}', a {input.BaseObject.GetType().Name}, {verdict}.", hint), input));

    [DoesNotReturn]
    void RefuseContent(string one, string other) => Refuse("ContentTwice", $"Both {one} and {other} say what to send.", "Leave out one of the two.", other);

    [DoesNotReturn]
    void Refuse(string errorId, string problem, string hint, object? target = null)
    {
        ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(FailureKind.InvalidArgument, errorId, problem, hint, target)));
        throw new UnreachableException();
    }
}

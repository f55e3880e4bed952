using System.Globalization;
using System.Management.Automation;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <content>What the in-kernel sender can do besides.</content>
public sealed partial class SendCustomPacketCommand
{
    byte[]? _patternData;
    MessageType[] _typeCycle = [];

    /// <summary>The length of data that are made up.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    [ValidateRange(0, ushort.MaxValue)]
    public int DataLength { get; set; }

    /// <summary>What data that are made up look like.</summary>
    [Parameter(ParameterSetName = ContentSet)]
    public DataPattern Pattern { get; set; }

    /// <summary>How many threads send, each on a CPU of its own.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int Threads { get; set; } = 1;

    /// <summary>From how many ports packets are sent in turn.</summary>
    [Parameter]
    [ValidateRange(1, ushort.MaxValue)]
    public int SourcePortCount { get; set; } = 1;

    /// <summary>The types that packets have in turn.</summary>
    [Parameter]
    [ValidateCount(1, 16)]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte[] TypeCycle { get; set; } = [];

    /// <summary>Whether packets go without sequence number and time.</summary>
    [Parameter]
    public SwitchParameter NoStamp { get; set; }

    byte[] PatternData => _patternData ??= DataPatterns.Make(Pattern, DataLength);

    SendOptions OverrideInKernel(SendOptions options) => options with
    {
        Threads = Threads,
        SourcePortCount = SourcePortCount,
        TypeCycle = _typeCycle.Length == TypeCycle.Length ? _typeCycle : _typeCycle = [.. TypeCycle.Select(type => (MessageType)type)],
        Stamp = !NoStamp,
    };

    /// <summary>What a packet has in it that the user didn't give.</summary>
    string DescribeStamp(Sender sender) => sender.Transport == Transport.Xdp && !NoStamp
        ? " The data of each packet end with its sequence number and its time, 16 bytes (-NoStamp leaves them out)."
        : "";

    /// <summary>Says so where the interface sent less than was given to it.</summary>
    void WarnAboutLoss(SendResult result)
    {
        if (result.Confirmed < result.Packets)
        {
            var more = result.Transport == Transport.Xdp ? "a full queue or a peer that takes nothing from XDP drops frames and says nothing" : "they wait in a queue or were dropped";
            WriteWarning(string.Create(
                CultureInfo.InvariantCulture,
                $"'{result.Interface}' counts {result.Confirmed:N0} of the {result.Packets:N0} packets to {result.Destination} as sent: the others didn't leave ({more}), or the driver counts late."));
        }
    }
}

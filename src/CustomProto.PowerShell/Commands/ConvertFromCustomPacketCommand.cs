using System.Management.Automation;
using CustomProto.PowerShell.Parameters;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Makes messages of the bytes of packets.</summary>
[Cmdlet(VerbsData.ConvertFrom, "CustomPacket", DefaultParameterSetName = BytesSet)]
[OutputType(typeof(CustomMessage))]
public sealed class ConvertFromCustomPacketCommand : CustomProtoCommand
{
    const string BytesSet = "Bytes";
    const string PathSet = "Path";

    readonly LooseBytes _looseBytes = new();
    PacketDecoder _decoder = new(ProtocolDefinition.Default);

    /// <summary>A frame or a UDP payload.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = BytesSet)]
    [AllowEmptyCollection]
    public byte[] InputObject { get; set; } = [];

    /// <summary>Files with a frame or a UDP payload each.</summary>
    /// <remarks>Not PSPath: the bytes that Get-Content reads have that too.</remarks>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>What the bytes begin with.</summary>
    [Parameter]
    public PacketForm As { get; set; }

    /// <summary>The UDP ports, instead of the protocol's own.</summary>
    [Parameter]
    [ValidateCount(1, ProtocolDefinition.MaxPorts)]
    [ValidateRange(1, ushort.MaxValue)]
    public int[]? Port { get; set; }

    /// <summary>Whether packets with a wrong checksum are rejected.</summary>
    [Parameter]
    public SwitchParameter VerifyChecksum { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _decoder = new PacketDecoder(ProtocolDefinition.Default, Port, VerifyChecksum);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == PathSet)
        {
            foreach (var path in Path)
            {
                if (Attempt(() => PacketFile.Read(FilePathOf(path)), path, out var content))
                {
                    Convert(content, path);
                }
            }
        }
        else if (!_looseBytes.TryTake(InputObject, MyInvocation.ExpectingInput))
        {
            ConvertLooseBytes();
            Convert(InputObject, InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ConvertLooseBytes();

    void ConvertLooseBytes()
    {
        if (_looseBytes.TryFinish(out var bytes))
        {
            Convert(bytes, bytes);
        }
    }

    void Convert(byte[] bytes, object target)
    {
        if (Attempt(() => _decoder.Require(bytes, As, new PacketMetadata { Direction = PacketDirection.Ingress }), target, out var message))
        {
            WriteObject(message);
        }
    }
}

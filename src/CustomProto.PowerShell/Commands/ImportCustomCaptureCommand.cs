using System.Collections.ObjectModel;
using System.Management.Automation;
using CustomProto.Capture;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Reads the messages of capture files.</summary>
[Cmdlet(VerbsData.Import, "CustomCapture")]
[OutputType(typeof(CustomMessage), typeof(RejectedPacket))]
public sealed class ImportCustomCaptureCommand : CustomProtoCommand
{
    /// <summary>The files, pcap or pcapng.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The UDP ports, instead of the protocol's own.</summary>
    [Parameter]
    [ValidateCount(1, ProtocolDefinition.MaxPorts)]
    [ValidateRange(1, ushort.MaxValue)]
    public int[]? Port { get; set; }

    /// <summary>Whether packets on the port that are no messages come too.</summary>
    [Parameter]
    public SwitchParameter IncludeRejected { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            if (Attempt(() => Resolve(path), path, out var files))
            {
                foreach (var file in files)
                {
                    Read(file);
                }
            }
        }
    }

    Collection<string> Resolve(string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path) || File.Exists(path))
        {
            return [FilePathOf(path)];
        }

        var files = GetResolvedProviderPathFromPSPath(path, out var provider);
        RequireFileSystem(path, provider);
        return files;
    }

    void Read(string path)
    {
        if (!Attempt(() => CaptureReader.Open(path), path, out var capture))
        {
            return;
        }

        using (capture)
        {
            var decoder = new CapturedMessageDecoder(ProtocolDefinition.Default, Port);
            var (frames, messages, rejected) = (0L, 0L, 0L);
            while (Attempt(() => capture.Read(StopToken), path, out var frame) && frame is not null)
            {
                frames++;
                RejectedPacket? none = null;
                var packet = IncludeRejected ? decoder.Decode(frame, out none) : decoder.Decode(frame);
                rejected += packet.Reason == RejectReason.None ? 0 : 1;
                messages += packet.Message is null ? 0 : 1;
                if (((object?)packet.Message ?? none) is { } read)
                {
                    WriteObject(read);
                }
            }

            WriteVerbose($"'{path}': {messages} messages in {frames} frames; {rejected} on the port are not valid, {frames - messages - rejected} are not on it.");
            if (frames > 0 && messages + rejected == 0 && !StopToken.IsCancellationRequested)
            {
                WriteWarning($"None of the {frames} frames of '{path}' is on UDP port {string.Join(", ", Port ?? [.. ProtocolDefinition.Default.Ports])}.");
            }
        }
    }
}

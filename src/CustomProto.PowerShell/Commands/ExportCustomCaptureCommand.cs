using System.Management.Automation;
using CustomProto.Capture;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Messages;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Writes messages to a capture file: those of the pipeline, or what programs receive, without making objects of it.</summary>
[Cmdlet(VerbsData.Export, "CustomCapture", DefaultParameterSetName = InterfaceSet, SupportsShouldProcess = true)]
[OutputType(typeof(CaptureResult))]
public sealed class ExportCustomCaptureCommand : ReadingCommand
{
    const string MessageSet = "Message";
    const string RejectedPacketSet = "RejectedPacket";

    CaptureWriter? _capture;
    string _path = "";
    bool _isRefused;

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The messages.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MessageSet)]
    [ValidateNotNull]
    public CustomMessage[] Message { get; set; } = [];

    /// <summary>Packets that are no messages.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = RejectedPacketSet)]
    [ValidateNotNull]
    public RejectedPacket[] RejectedPacket { get; set; } = [];

    /// <summary>The interfaces to record from.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>Whether a file that is there stays.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Whether to say what was written.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == MessageSet)
        {
            foreach (var message in Message)
            {
                Write(capture => Write(capture, message), message);
            }
        }
        else if (ParameterSetName == RejectedPacketSet)
        {
            foreach (var rejected in RejectedPacket)
            {
                Write(capture => capture.Write(rejected), rejected);
            }
        }
        else if (ParameterSetName == InputObjectSet)
        {
            AddPrograms();
        }
        else
        {
            AddInterfaces(Interface);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (HasReceivers && TryOpen() && TryOpenReader(out var reader))
        {
            _capture!.IncludeRejected = IncludeRejected;
            Record(reader);
        }

        if (_capture is { } capture && Attempt(capture.Dispose, _path))
        {
            if (capture.Lost > 0)
            {
                WriteWarning($"{capture.Lost} messages were lost between those in '{_path}': the ring was full. The file says where.");
            }

            if (PassThru)
            {
                WriteObject(new CaptureResult { Path = _path, Packets = capture.Packets, Lost = capture.Lost, Length = capture.Length });
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        try
        {
            // Where the pipeline was stopped: the file is whole nevertheless.
            _capture?.Dispose();
        }
        catch (CustomProtoException)
        {
            // Nobody listens any more, and the file is closed.
        }

        base.Dispose(disposing);
    }

    /// <summary>Makes the file when the first message is there or the first program found; asked and refused once.</summary>
    bool TryOpen()
    {
        if (_capture is not null || _isRefused)
        {
            return _capture is not null;
        }

        _isRefused = !Attempt(() => FilePathOf(Path), Path, out _path) || !ShouldProcess(_path, "Write a capture") || !Attempt(() => CaptureWriter.Create(_path, !NoClobber), Path, out _capture);
        return !_isRefused;
    }

    void Write(Action<CaptureWriter> write, object packet)
    {
        if (TryOpen())
        {
            _isRefused = !Attempt(() => write(_capture!), packet);
        }
    }

    static void Write(CaptureWriter capture, CustomMessage message)
    {
        if (message.Direction == PacketDirection.None)
        {
            capture.WriteFrame(FrameEncoder.Encode(message));
        }
        else
        {
            capture.Write(message);
        }
    }

    void Record(MergedReader reader)
    {
        for (var open = reader.Count; open > 0;)
        {
            // A receiver that goes away is an error, and the others are recorded on.
            if (Attempt(() => RecordAll(reader), null) || reader.Count == open)
            {
                return;
            }

            open = reader.Count;
        }
    }

    void RecordAll(MergedReader reader)
    {
        var capture = _capture!;
        while (capture.Packets < Count && TryWait(out var wait))
        {
            if (!(NoWait ? reader.TryWrite(capture) : reader.Write(capture, wait, StopToken)))
            {
                return;
            }

            // Under steady traffic a ring never runs empty, so this ends where the time of the call begins.
            StopToken.ThrowIfCancellationRequested();
            if (NoWait && IsNew(capture.LastMonotonicNanoseconds))
            {
                return;
            }
        }
    }
}

using System.Diagnostics;
using System.Management.Automation;
using CustomProto.Capture;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Writes messages to a capture file: those of the pipeline, or what programs receive, without making objects of it.</summary>
[Cmdlet(VerbsData.Export, "CustomCapture", DefaultParameterSetName = MessageSet, SupportsShouldProcess = true)]
[OutputType(typeof(CaptureResult))]
public sealed class ExportCustomCaptureCommand : CustomProtoCommand
{
    const string MessageSet = "Message";
    const string InterfaceSet = "Interface";
    const string InputObjectSet = "InputObject";

    readonly List<Receiver> _receivers = [];
    readonly List<Receiver> _own = [];
    CaptureWriter? _capture;
    MergedReader? _reader;
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

    /// <summary>The interfaces to record from.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InterfaceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>The programs to record from.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public XdpProgram[] InputObject { get; set; } = [];

    /// <summary>How many messages to record.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>How long to record in all.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>How long to wait for the next message.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [DurationTransformation]
    public TimeSpan IdleTimeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Whether to end when what is there has been recorded.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Whether to pass over what is there already.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter New { get; set; }

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
                Write(message);
            }
        }
        else if (ParameterSetName == InputObjectSet)
        {
            foreach (var program in InputObject)
            {
                if (Attempt(() => InterfaceSelection.RequireReceiver(program), program, out var receiver))
                {
                    Add([receiver]);
                }
            }
        }
        else
        {
            foreach (var name in Interface)
            {
                if (Attempt(() => InterfaceSelection.ReceiversFor(name, _own), name, out var receivers))
                {
                    Add(receivers);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName != MessageSet && _receivers.Count > 0 && TryOpen() && Attempt(() => MergedReader.Open(_receivers), null, out _reader))
        {
            foreach (var own in _own)
            {
                WriteWarnings(own.Notices);
            }

            Record(_reader!);
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
        _reader?.Dispose();
        _own.ForEach(receiver => receiver.Dispose());
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

    void Add(IEnumerable<Receiver> receivers) => _receivers.AddRange(receivers.Where(receiver => !_receivers.Contains(receiver)));

    /// <summary>Makes the file when the first message is there or the first program found; asked and refused once.</summary>
    bool TryOpen()
    {
        if (_capture is not null || _isRefused)
        {
            return _capture is not null;
        }

        _path = GetUnresolvedProviderPathFromPSPath(Path);
        _isRefused = !ShouldProcess(_path, "Write a capture") || !Attempt(() => CaptureWriter.Create(_path, !NoClobber), Path, out _capture);
        return !_isRefused;
    }

    void Write(CustomMessage message)
    {
        if (TryOpen())
        {
            var capture = _capture!;
            _isRefused = !Attempt(
                () =>
                {
                    if (message.Direction == PacketDirection.None)
                    {
                        capture.WriteFrame(FrameEncoder.Encode(message));
                    }
                    else
                    {
                        capture.Write(message);
                    }
                },
                message);
        }
    }

    void Record(MergedReader reader)
    {
        if (New)
        {
            reader.Skip();
        }

        var started = Stopwatch.GetTimestamp();
        for (var open = reader.Count; open > 0;)
        {
            // A receiver that goes away is an error, and the others are recorded on.
            if (Attempt(() => Record(reader, started), null) || reader.Count == open)
            {
                return;
            }

            open = reader.Count;
        }
    }

    void Record(MergedReader reader, long started)
    {
        var capture = _capture!;
        while (capture.Packets < Count && TryWait(started, out var wait))
        {
            if (!(NoWait ? reader.TryWrite(capture) : reader.Write(capture, wait, StopToken)))
            {
                return;
            }

            // Under steady traffic a ring never runs empty, so this ends where the time of the call begins.
            StopToken.ThrowIfCancellationRequested();
            if (NoWait && capture.LastMonotonicNanoseconds > started)
            {
                return;
            }
        }
    }

    bool TryWait(long started, out TimeSpan wait)
    {
        wait = IdleTimeout;
        if (Timeout == System.Threading.Timeout.InfiniteTimeSpan)
        {
            return true;
        }

        var left = Timeout - Stopwatch.GetElapsedTime(started);
        wait = wait == System.Threading.Timeout.InfiniteTimeSpan || left < wait ? left : wait;
        return left > TimeSpan.Zero;
    }
}

using System.Collections;
using System.Management.Automation;
using CustomProto.Capture;
using CustomProto.Net;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <summary>Runs frames through a private copy of a program in the kernel, or only has the kernel verify it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "XdpProgram", DefaultParameterSetName = OptionsSet)]
[OutputType(typeof(TestRunReport), typeof(XdpRunReport), typeof(VerificationReport))]
public sealed class TestXdpProgramCommand : CustomProtoCommand
{
    const string OptionsSet = "Options";
    const string InputObjectSet = "InputObject";
    const string ObjectFileSet = "ObjectFile";

    readonly LooseBytes _looseBytes = new();
    XdpProgram? _loadedFor;
    TestCopy? _copy;
    bool _isRefused;

    /// <summary>A frame, from the Ethernet header on.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public byte[]? Frame { get; set; }

    /// <summary>Messages; each is put into the frame it came in, or into an invented one.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public CustomMessage[]? Message { get; set; }

    /// <summary>A capture file with frames, pcap or pcapng.</summary>
    /// <remarks>Not PSPath: the bytes that Get-Content reads have that too.</remarks>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string? CapturePath { get; set; }

    /// <summary>A registered program, whose configuration is used.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InputObjectSet)]
    [ValidateNotNull]
    public XdpProgram? InputObject { get; set; }

    /// <summary>The UDP ports, instead of the protocol's own.</summary>
    [Parameter(ParameterSetName = OptionsSet)]
    [ValidateCount(1, ProtocolDefinition.MaxPorts)]
    [ValidateRange(1, ushort.MaxValue)]
    public int[]? Port { get; set; }

    /// <summary>What becomes of valid messages.</summary>
    [Parameter(ParameterSetName = OptionsSet)]
    public MatchAction MatchAction { get; set; }

    /// <summary>Whether packets with a wrong checksum are rejected.</summary>
    [Parameter(ParameterSetName = OptionsSet)]
    public SwitchParameter VerifyChecksum { get; set; }

    /// <summary>An object file with a program of the user's own.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ObjectFileSet)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The program's function.</summary>
    [Parameter(ParameterSetName = ObjectFileSet)]
    [ValidateNotNullOrEmpty]
    public string? ProgramName { get; set; }

    /// <summary>Initial values of global variables, by name.</summary>
    [Parameter(ParameterSetName = ObjectFileSet)]
    [ValidateNotNull]
    public Hashtable Variable { get; set; } = [];

    /// <summary>How often each frame is run.</summary>
    [Parameter]
    [ValidateRange(1, 100_000_000)]
    public int Repeat { get; set; } = 1;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_looseBytes.TryTake(Frame, MyInvocation.ExpectingInput))
        {
            return;
        }

        RunLooseBytes();
        if (Frame is null && Message is null && CapturePath is null)
        {
            Verify();
        }

        if (Frame is not null)
        {
            Run(Frame, Frame.Length);
        }

        foreach (var message in Message ?? [])
        {
            if (Attempt(() => FrameEncoder.Encode(message, Port?[0]), message, out var frame))
            {
                Run(frame, message);
            }
        }

        if (CapturePath is not null)
        {
            RunCapture(CapturePath);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => RunLooseBytes();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _copy?.Dispose();
        base.Dispose(disposing);
    }

    void RunLooseBytes()
    {
        if (_looseBytes.TryFinish(out var frame))
        {
            Run(frame, frame.Length);
        }
    }

    void Verify()
    {
        if (TryLoad(out var copy))
        {
            WriteObject(copy.Verification);
        }
    }

    void RunCapture(string path)
    {
        if (!Attempt(() => CaptureReader.Open(FilePathOf(path)), path, out var capture))
        {
            return;
        }

        using (capture)
        {
            var isCutSaid = false;
            while (TryLoad(out _) && Attempt(() => capture.Read(StopToken), path, out var frame) && frame is not null)
            {
                if (frame.IsCut && !isCutSaid)
                {
                    isCutSaid = true;
                    WriteWarning($"Frames of '{path}' were cut when they were captured, first frame {frame.Number}. They are run as they are; a message that isn't whole is truncated to the program.");
                }

                Run(frame.Bytes, frame);
            }
        }
    }

    void Run(byte[] frame, object target)
    {
        if (TryLoad(out var copy) && Attempt(() => copy.Run(frame, Repeat, StopToken), target, out var report))
        {
            WriteObject(report);
        }
    }

    /// <summary>The copy with the configuration that is asked for: loaded once for all frames, and refused once.</summary>
    bool TryLoad(out TestCopy copy)
    {
        if (_copy is null || !ReferenceEquals(_loadedFor, InputObject))
        {
            if (_isRefused && ReferenceEquals(_loadedFor, InputObject))
            {
                copy = null!;
                return false;
            }

            _copy?.Dispose();
            _copy = null;
            _loadedFor = InputObject;
            _isRefused = !Attempt(Load, (object?)InputObject ?? Path, out var loaded);
            _copy = _isRefused ? null : loaded;
            WriteWarnings(_copy?.Verification.Notices ?? []);
        }

        copy = _copy!;
        return _copy is not null;
    }

    TestCopy Load() => ParameterSetName switch
    {
        InputObjectSet => TestCopy.Load(InputObject!),
        ObjectFileSet => TestCopy.Of(TestUserProgram.Load(ObjectFile.Read(FilePathOf(Path!)), ProgramName, VariableValues.From(Variable))),
        _ => TestCopy.Of(TestReceiver.Load(new ReceiverOptions { Interface = "test", Ports = Port, MatchAction = MatchAction, VerifyChecksum = VerifyChecksum })),
    };
}

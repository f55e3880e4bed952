using System.Buffers;
using System.Diagnostics;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// The protocol's XDP program, loaded and attached to nothing, for frames that don't come from a network. A copy with counters and rings
/// of its own: what is attached somewhere notices nothing. For one thread at a time. Needs CAP_BPF and CAP_NET_ADMIN.
/// </summary>
public sealed class TestReceiver : IDisposable
{
    /// <summary>The shortest frame that a test run takes: an Ethernet header.</summary>
    public const int MinFrameLength = FrameRun.MinLength;

    readonly ReceiverProgram _program;
    readonly ReaderSlot _slot;
    readonly int _ringSize;

    TestReceiver(ReceiverOptions options, ReceiverProgram program, TimeSpan loadTime)
    {
        _program = program;
        _ringSize = options.RingSize;
        _slot = ReaderSlot.Create(program, options.RingSize);
        try
        {
            Reader = _slot.Open(options.Protocol, options.Interface);
            var info = program.Program.Info;
            Verification = info.ToReport(info.Name, loadTime);
        }
        catch
        {
            _slot.Dispose();
            throw;
        }
    }

    /// <summary>What the verifier said.</summary>
    public VerificationReport Verification { get; }

    /// <summary>The copy of the program.</summary>
    internal BpfProgram Program => _program.Program;

    /// <summary>The reader of the ring, which a run empties.</summary>
    internal MessageReader Reader { get; }

    /// <summary>Has the kernel verify and load a copy.</summary>
    /// <param name="options">
    /// The configuration; the interface only gives messages its name, and needn't exist, unless <see cref="ReceiverOptions.HardwareTimestamp"/>
    /// is to be possible there. The copy doesn't ask for hardware times: what asks a driver can only run in it.
    /// </param>
    /// <exception cref="CustomProtoException">An option is out of range, a capability is missing, or the kernel refuses.</exception>
    public static TestReceiver Load(ReceiverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.HardwareTimestamp)
        {
            HardwareTime.Require(options, NetworkLinks.Get(options.Interface));
        }

        var started = Stopwatch.GetTimestamp();
        var program = ReceiverProgram.Load(options);
        try
        {
            program.SetResponder(options with { Responder = WithoutLimits(options.Responder) }, link: null, isGeneric: false);
            return new TestReceiver(options, program, Stopwatch.GetElapsedTime(started));
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>Loads a copy of what a receiver has attached, with the same configuration; the copy doesn't trace.</summary>
    /// <exception cref="CustomProtoException">A capability is missing, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public static TestReceiver Load(Receiver receiver)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        return Load(receiver.Options);
    }

    /// <summary>Runs the program on a frame, and says what became of it.</summary>
    /// <param name="frame">The frame, from the Ethernet header on: <see cref="MinFrameLength"/> bytes to about 70,000.</param>
    /// <param name="repeat">How often, to see how long it takes.</param>
    /// <param name="cancellationToken">Ends a long series of runs; one call of the kernel, a tenth of a second at most, is finished.</param>
    /// <exception cref="CustomProtoException">The frame is too short or too long.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TestRunReport Run(ReadOnlySpan<byte> frame, int repeat = 1, CancellationToken cancellationToken = default) =>
        Run(frame, repeat, linearLength: 0, cancellationToken);

    /// <inheritdoc cref="Run(ReadOnlySpan{byte}, int, CancellationToken)"/>
    /// <param name="frame">The frame.</param>
    /// <param name="repeat">How often.</param>
    /// <param name="linearLength">How much of it lies in the first buffer; 0 leaves it to the kernel.</param>
    /// <param name="cancellationToken">Ends a long series.</param>
    internal TestRunReport Run(ReadOnlySpan<byte> frame, int repeat, int linearLength, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(repeat, 1);
        FrameRun.Require(frame);
        var output = ArrayPool<byte>.Shared.Rent(frame.Length + ResponderOptions.MaxDataLength);
        try
        {
            Reader.Skip();
            var before = ReadStatistics();
            var result = _program.Program.TestRun(frame, output, linearLength);
            var after = ReadStatistics();
            var room = Reader.TryRead(out var message) ? RecordsThatFit(message) : int.MaxValue;

            // The kernel gives a run the frame as the one before left it, and a response isn't a request any more.
            room = result.Verdict == (uint)XdpVerdict.Tx ? 1 : room;
            return new TestRunReport
            {
                Verdict = (XdpVerdict)result.Verdict,
                Seen = after.Seen > before.Seen,
                Reason = FindReason(before, after),
                Message = message,
                Output = output.AsSpan(0, result.OutputLength).ToArray(),
                // The ring is emptied in between: finding it full would be faster than filling it.
                DurationNanoseconds = FrameRun.Measure(_program.Program, frame, result, repeat, linearLength, room, () => Reader.Skip(), cancellationToken),
                Repeat = repeat,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    /// <summary>What the copy counted so far.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public ReceiveStatistics ReadStatistics()
    {
        var reader = _program.ReadReaderCounters(_slot.Index);
        var statistics = new ReceiveStatistics { Interface = "", ProgramId = _program.Program.Info.Id, Reader = _slot.Name };
        return ReceiveStatistics.Sum(statistics, _program.ReadCounters(), reader);
    }

    /// <summary>Unloads the copy.</summary>
    public void Dispose()
    {
        Reader.Dispose();
        _slot.Dispose();
        _program.Dispose();
    }

    /// <summary>Limits are about time, of which a series of runs has none.</summary>
    static ResponderOptions? WithoutLimits(ResponderOptions? responder) => responder is null ? null : responder with { Limit = 0, TotalLimit = 0 };

    unsafe int RecordsThatFit(CustomMessage message)
    {
        const int RingHeader = 8;
        const int Alignment = 8;
        var record = RingHeader + sizeof(Event) + message.Payload.Length + Alignment;
        return Math.Max(1, (_ringSize / record) - 1);
    }

    static RejectReason FindReason(ReceiveStatistics before, ReceiveStatistics after) => true switch
    {
        _ when after.Fragment > before.Fragment => RejectReason.Fragment,
        _ when after.Truncated > before.Truncated => RejectReason.Truncated,
        _ when after.BadChecksum > before.BadChecksum => RejectReason.BadChecksum,
        _ when after.BadMagic > before.BadMagic => RejectReason.BadMagic,
        _ when after.BadVersion > before.BadVersion => RejectReason.BadVersion,
        _ when after.BadLength > before.BadLength => RejectReason.BadLength,
        _ => RejectReason.None,
    };
}

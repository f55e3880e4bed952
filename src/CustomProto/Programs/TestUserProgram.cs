using System.Buffers;
using CustomProto.Bpf;
using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>
/// A program of a user's object file, loaded and attached to nothing, for frames that don't come from a network. A copy with maps of its
/// own: what is attached somewhere notices nothing. For one thread at a time. Needs CAP_BPF and CAP_NET_ADMIN, and whatever capability
/// the program's helpers ask for (CAP_PERFMON for <c>bpf_printk</c>).
/// </summary>
public sealed class TestUserProgram : IDisposable
{
    readonly LoadedUserProgram _loaded;

    TestUserProgram(LoadedUserProgram loaded)
    {
        _loaded = loaded;
        Verification = loaded.Program.Info.ToReport(loaded.Program.Name, loaded.LoadTime) with { Notices = loaded.Notices };
    }

    /// <summary>What the verifier said.</summary>
    public VerificationReport Verification { get; }

    /// <summary>Has the kernel verify and load a program.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="programName">The program's function; <see langword="null"/> for the only XDP program there is.</param>
    /// <param name="variables">Initial values, as in <see cref="UserProgramOptions.Variables"/>.</param>
    /// <exception cref="CustomProtoException">There is no such program or variable, a capability is missing, or the kernel refuses.</exception>
    public static TestUserProgram Load(ObjectFile file, string? programName = null, IReadOnlyDictionary<string, object?>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new TestUserProgram(LoadedUserProgram.Load(file, file.ChooseProgram(programName), variables ?? new Dictionary<string, object?>(), isPrivate: true));
    }

    /// <summary>Loads a copy of what is attached, from the same file and with the same variables; maps begin as they did there.</summary>
    /// <exception cref="CustomProtoException">A capability is missing, or the kernel refuses.</exception>
    public static TestUserProgram Load(UserProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return Load(program.Options.File, program.Name, program.Options.Variables);
    }

    /// <summary>Runs the program on a frame, and says what it made of it.</summary>
    /// <param name="frame">The frame, from the Ethernet header on: 14 bytes to about 70,000.</param>
    /// <param name="repeat">How often, to see how long it takes; from the second run on, each gets the frame as the one before left it.</param>
    /// <param name="cancellationToken">Ends a long series of runs; one call of the kernel, about a tenth of a second, is finished.</param>
    /// <exception cref="CustomProtoException">The frame is too short or too long.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public XdpRunReport Run(ReadOnlySpan<byte> frame, int repeat = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(repeat, 1);
        FrameRun.Require(frame);

        // A program may put something before or behind the frame, as far as there is room in its page.
        var output = ArrayPool<byte>.Shared.Rent(frame.Length + Environment.SystemPageSize);
        try
        {
            var result = _loaded.Program.TestRun(frame, output);
            return new XdpRunReport
            {
                Verdict = (XdpVerdict)result.Verdict,
                Output = output.AsSpan(0, result.OutputLength).ToArray(),
                DurationNanoseconds = FrameRun.Measure(_loaded.Program, frame, result, repeat, cancellationToken: cancellationToken),
                Repeat = repeat,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    /// <summary>Unloads the copy.</summary>
    public void Dispose() => _loaded.Dispose();
}

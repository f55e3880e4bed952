using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>What the kernel did with a frame that a test run gave a program.</summary>
/// <param name="Verdict">The program's return value.</param>
/// <param name="Duration">Nanoseconds a run, on average.</param>
/// <param name="OutputLength">How long the frame is after the last run.</param>
readonly record struct TestRunResult(uint Verdict, uint Duration, int OutputLength);

/// <summary>A loaded program.</summary>
sealed unsafe class BpfProgram(string name, FileDescriptor descriptor) : IDisposable
{
    /// <summary>
    /// The longest frame for <see cref="RunLive"/>, from bpf_prog_test_run_xdp in net/bpf/test_run.c: of a page, XDP_PACKET_HEADROOM,
    /// struct xdp_page_head and struct skb_shared_info are taken off.
    /// </summary>
    internal static int MaxLiveFrameLength => Environment.SystemPageSize - 256 - 112 - 320;

    /// <summary>The function's name.</summary>
    internal string Name => name;

    /// <summary>The program.</summary>
    internal FileDescriptor Descriptor => descriptor;

    /// <summary>Opens a pinned program.</summary>
    /// <exception cref="NativeException">There is none.</exception>
    internal static BpfProgram Open(string path) => new(Path.GetFileName(path), BpfFileSystem.Open(path));

    /// <summary>Pins the program.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string path) => BpfFileSystem.Pin(descriptor, path);

    /// <summary>What the kernel tells of the program.</summary>
    internal ProgramInfo Info => KernelObjects.ReadProgram(descriptor, name);

    /// <summary>Runs the program on a frame, without a network (BPF_PROG_TEST_RUN). Its maps change as with a real packet.</summary>
    /// <param name="frame">The frame, at least 14 bytes.</param>
    /// <param name="output">Where the frame goes as the last run left it; empty where nobody wants it. A longer frame is a failure (ENOSPC).</param>
    /// <param name="linearLength">How many bytes lie in the first buffer, the others in fragments; 0 leaves it to the kernel. Other values need Linux 6.18.</param>
    /// <param name="repeat">How often.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal TestRunResult TestRun(ReadOnlySpan<byte> frame, Span<byte> output, int linearLength = 0, int repeat = 1)
    {
        var context = new XdpContext { DataEnd = (uint)linearLength };
        fixed (byte* input = frame, received = output)
        {
            var options = new Libbpf.TestRunOptions
            {
                Size = (nuint)sizeof(Libbpf.TestRunOptions),
                DataIn = input,
                DataInSize = (uint)frame.Length,
                DataOut = received,
                DataOutSize = (uint)output.Length,
                Repeat = repeat,
            };
            if (linearLength > 0)
            {
                options.ContextIn = &context;
                options.ContextInSize = (uint)sizeof(XdpContext);
            }

            var result = Libbpf.bpf_prog_test_run_opts(descriptor, &options);
            return result < 0
                ? throw Failures.Create(Operation.TestRun, result, name)
                : new TestRunResult(options.ReturnValue, options.Duration, (int)options.DataOutSize);
        }
    }

    /// <summary>
    /// Has the program send frames (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18): it is run on pages with a copy of the frame, which its verdict
    /// moves on and which come back to it as their last user left them. A signal ends it.
    /// </summary>
    /// <param name="frame">The frame; with its bookkeeping it has to fit a page (<see cref="MaxLiveFrameLength"/>).</param>
    /// <param name="repeat">How often the program is run. More than once costs two grace periods of RCU, tens of milliseconds.</param>
    /// <returns>0, or a negative error number: -EINTR where a signal ended it.</returns>
    internal int RunLive(ReadOnlySpan<byte> frame, int repeat)
    {
        const uint BPF_F_TEST_XDP_LIVE_FRAMES = 2;
        fixed (byte* input = frame)
        {
            var options = new Libbpf.TestRunOptions
            {
                Size = (nuint)sizeof(Libbpf.TestRunOptions),
                DataIn = input,
                DataInSize = (uint)frame.Length,
                Repeat = repeat,
                Flags = BPF_F_TEST_XDP_LIVE_FRAMES,
            };
            return Libbpf.bpf_prog_test_run_opts(descriptor, &options);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();

    /// <summary><c>struct xdp_md</c> (include/uapi/linux/bpf.h).</summary>
    struct XdpContext
    {
        internal uint Data;
        internal uint DataEnd;
        internal uint DataMeta;
        internal uint IngressInterface;
        internal uint ReceiveQueue;
        internal uint EgressInterface;
    }
}

using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>An attachment without a link, made through netlink: nothing holds it, so it stays until somebody detaches it.</summary>
sealed unsafe class NetlinkAttachment : AttachedProgram
{
    const string Words = "Kernel error message: ";

    readonly int _interfaceIndex;
    readonly XdpFlags _mode;
    readonly FileDescriptor _program;

    /// <summary>Describes an attachment that is there.</summary>
    /// <param name="interfaceIndex">The interface, in the calling thread's network namespace.</param>
    /// <param name="mode">The mode, exactly one.</param>
    /// <param name="program">The program that is attached, which this then owns.</param>
    internal NetlinkAttachment(int interfaceIndex, XdpFlags mode, FileDescriptor program)
    {
        _interfaceIndex = interfaceIndex;
        _mode = mode;
        _program = program;
    }

    /// <inheritdoc/>
    internal override ProgramLifetime Lifetime => ProgramLifetime.Netlink;

    /// <summary>Exchanges the program without a gap, if it is still the expected one.</summary>
    /// <param name="program">The program that is to be there.</param>
    /// <param name="words">What the kernel says to a refusal, if it says anything (the extended acknowledgement, which libbpf prints).</param>
    /// <returns>0, or the positive error number; EEXIST when it is another program by now.</returns>
    internal int TryExchange(FileDescriptor program, out string? words)
    {
        using var old = new BorrowedDescriptor(_program);
        var options = Expect(old);
        LibbpfLog.Clear();
        var errno = -Libbpf.bpf_xdp_attach(_interfaceIndex, program, (uint)_mode, &options);
        words = errno != 0 && LibbpfLog.Text is { } log && log.LastIndexOf(Words, StringComparison.Ordinal) is >= 0 and var at
            ? log[(at + Words.Length)..].Split('\n')[0].Trim()
            : null;
        return errno;
    }

    /// <summary>Attaches the program where there is none.</summary>
    /// <returns>0, or the positive error number.</returns>
    internal int TryAttach() => -Libbpf.bpf_xdp_attach(_interfaceIndex, _program, (uint)(_mode | XdpFlags.UpdateIfNoExist), null);

    /// <summary>Detaches the program, if it is still the expected one.</summary>
    /// <returns>0, or the positive error number.</returns>
    internal int TryDetach()
    {
        using var old = new BorrowedDescriptor(_program);
        var options = Expect(old);
        return -Libbpf.bpf_xdp_detach(_interfaceIndex, (uint)_mode, &options);
    }

    /// <inheritdoc/>
    internal override void Detach()
    {
        var errno = TryDetach();
        if (errno is not (0 or Errno.ENOENT))
        {
            throw Failures.Create(Operation.DetachXdp, errno, "its interface");
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _program.Dispose();

    static Libbpf.XdpAttachOptions Expect(BorrowedDescriptor old) =>
        new() { Size = (nuint)sizeof(Libbpf.XdpAttachOptions), OldProgramDescriptor = old.Value };
}

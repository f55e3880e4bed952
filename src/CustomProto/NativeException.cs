namespace CustomProto;

/// <summary>The failure of a system or libbpf call, with its error number.</summary>
public sealed class NativeException : CustomProtoException
{
    internal NativeException(
        FailureKind kind, string errorId, string problem, string? hint, object? target, int errno, string errnoName, string? log = null)
        : base(kind, errorId, problem, hint, target)
    {
        Errno = errno;
        ErrnoName = errnoName;
        Log = log;
    }

    /// <summary>The error number, positive, as in <c>errno.h</c>.</summary>
    public int Errno { get; }

    /// <summary>The symbol of the error number, such as <c>EBUSY</c>.</summary>
    public string ErrnoName { get; }

    /// <summary>The log of the kernel's verifier or of libbpf that belongs to the failure, if there is one.</summary>
    public string? Log { get; }
}

namespace CustomProto;

/// <summary>
/// The failure of an operation, said so that a person can act on it: what was done to what, why it failed
/// (<see cref="Exception.Message"/>, which ends with the hint), and what to do (<see cref="Hint"/>).
/// </summary>
/// <remarks>Mistakes in calling the library itself are reported by the exceptions of the base library instead.</remarks>
public class CustomProtoException : Exception
{
    /// <summary>Makes a failure.</summary>
    /// <param name="kind">What kind of failure it is.</param>
    /// <param name="errorId">A stable identifier in PascalCase, for scripts to compare.</param>
    /// <param name="problem">What was done to what and why it failed; whole sentences.</param>
    /// <param name="hint">What the user can do; whole sentences, or <see langword="null"/>.</param>
    /// <param name="target">The object or name that it was done to.</param>
    /// <param name="innerException">The cause, if it was an exception.</param>
    public CustomProtoException(
        FailureKind kind, string errorId, string problem, string? hint = null, object? target = null, Exception? innerException = null)
        : base(hint is null ? problem : $"{problem} {hint}", innerException)
    {
        Kind = kind;
        ErrorId = errorId;
        Hint = hint;
        Target = target;
    }

    /// <summary>What kind of failure it is.</summary>
    public FailureKind Kind { get; }

    /// <summary>A stable identifier in PascalCase.</summary>
    public string ErrorId { get; }

    /// <summary>What the user can do about it.</summary>
    public string? Hint { get; }

    /// <summary>The object or name that the operation was about.</summary>
    public object? Target { get; }
}

using System.Management.Automation;
using System.Net.Sockets;

namespace CustomProto.PowerShell;

/// <summary>The one place that makes error records.</summary>
static class ErrorRecords
{
    /// <summary>Whether an exception tells a user something; any other is a mistake of ours and isn't dressed up.</summary>
    internal static bool Covers(Exception exception) =>
        exception is CustomProtoException or ArgumentException or ObjectDisposedException or SocketException or IOException or UnauthorizedAccessException or SessionStateException;

    /// <summary>Makes the record.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="target">What the user gave that it went wrong with; without it, what the exception names.</param>
    internal static ErrorRecord From(Exception exception, object? target = null) => exception switch
    {
        CustomProtoException failure => From(failure, target ?? failure.Target),
        SessionStateException path => From(NotFound(path), target),
        _ => new ErrorRecord(exception, Id(exception), Category(exception), target),
    };

    /// <summary>PowerShell's own word on a path whose drive or provider there isn't, with advice.</summary>
    static CustomProtoException NotFound(SessionStateException path) => new(
        FailureKind.NotFound, path.ErrorRecord.FullyQualifiedErrorId, path.Message, "Check the path: Get-PSDrive lists the drives.", innerException: path);

    static ErrorRecord From(CustomProtoException failure, object? target)
    {
        var record = new ErrorRecord(failure, failure.ErrorId, Category(failure.Kind), target);
        if (failure.Hint is { } hint)
        {
            // A shell shows the recommendation below the message, so here the message ends without it.
            var problem = failure.Message.EndsWith(hint, StringComparison.Ordinal) ? failure.Message[..^hint.Length].TrimEnd() : failure.Message;
            record.ErrorDetails = new ErrorDetails(problem.Length > 0 ? problem : failure.Message) { RecommendedAction = hint };
        }

        return record;
    }

    static ErrorCategory Category(FailureKind kind) => kind switch
    {
        FailureKind.InvalidArgument => ErrorCategory.InvalidArgument,
        FailureKind.InvalidData => ErrorCategory.InvalidData,
        FailureKind.NotFound => ErrorCategory.ObjectNotFound,
        FailureKind.PermissionDenied => ErrorCategory.PermissionDenied,
        FailureKind.Busy => ErrorCategory.ResourceBusy,
        FailureKind.Exists => ErrorCategory.ResourceExists,
        FailureKind.Unsupported => ErrorCategory.NotImplemented,
        FailureKind.LimitExceeded => ErrorCategory.LimitsExceeded,
        FailureKind.Unreachable => ErrorCategory.ConnectionError,
        FailureKind.Timeout => ErrorCategory.OperationTimeout,
        FailureKind.NotInstalled => ErrorCategory.NotInstalled,
        FailureKind.Gone => ErrorCategory.ResourceUnavailable,
        _ => ErrorCategory.NotSpecified,
    };

    static ErrorCategory Category(Exception exception) => exception switch
    {
        ObjectDisposedException => ErrorCategory.ResourceUnavailable,
        ArgumentException => ErrorCategory.InvalidArgument,
        UnauthorizedAccessException => ErrorCategory.PermissionDenied,
        SocketException => ErrorCategory.ConnectionError,
        _ => ErrorCategory.NotSpecified,
    };

    /// <summary>The type's name without its last word: <c>Socket</c>, <c>ObjectDisposed</c>.</summary>
    static string Id(Exception exception) => exception.GetType().Name.Replace(nameof(Exception), "", StringComparison.Ordinal);
}

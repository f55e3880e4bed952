using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>What the protocol's program did with a frame in a test run.</summary>
public sealed record TestRunReport : XdpRunReport
{
    /// <summary>
    /// Whether the frame is on one of the protocol's ports. What isn't is passed on untouched and not counted; what is has a
    /// <see cref="Message"/> or a <see cref="Reason"/>.
    /// </summary>
    public bool Seen { get; init; }

    /// <summary>Why it isn't a valid message.</summary>
    public RejectReason Reason { get; init; }

    /// <summary>The message that a reader gets; <see langword="null"/> where none does.</summary>
    public CustomMessage? Message { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason == RejectReason.None ? $"{Verdict}" : $"{Verdict}, {Reason}";
}

using System.Text;
using CustomProto.Protocol;

namespace CustomProto.Capture;

/// <summary>
/// What the comment of a packet in a file says of why the program rejected it: <c>CustomProto: BadMagic</c>. The file needs it, as a frame
/// that is built anew is no fragment, and its lengths and checksums are right.
/// </summary>
static class RejectionComment
{
    static readonly (RejectReason Reason, byte[] Text)[] s_comments =
        [.. Enum.GetValues<RejectReason>().Where(reason => reason != RejectReason.None).Select(reason => (reason, Encoding.UTF8.GetBytes($"CustomProto: {reason}")))];

    internal static byte[] For(RejectReason reason) => s_comments.First(comment => comment.Reason == reason).Text;

    /// <summary>The reason that a comment tells; none where it is somebody else's.</summary>
    internal static RejectReason Read(ReadOnlySpan<byte> text)
    {
        foreach (var comment in s_comments)
        {
            if (text.SequenceEqual(comment.Text))
            {
                return comment.Reason;
            }
        }

        return RejectReason.None;
    }
}

using System.Text;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>
/// The kernel's own words for refusing an XDP link. It has no other way to say them than the trace (<c>bpf_xdp_link_attach_failed</c>,
/// from Linux 6.6 on), so the very same attempt is made once more under a trace of our own. About 50 ms, most of them for removing it.
/// </summary>
static class XdpRefusal
{
    const string Event = "xdp/bpf_xdp_link_attach_failed";
    const string Marker = "tracing_mark_write: customproto asks";
    const string Text = "bpf_xdp_link_attach_failed: errmsg=";

    /// <summary>"%16s-%-7d": the same thread's lines have the same start, whatever process id namespace the process is in.</summary>
    const int ThreadWidth = 24;

    /// <summary>Far more than a few lines need.</summary>
    const int BufferSize = 64 * 1024;

    /// <summary>Repeats a failed attempt and listens to the kernel.</summary>
    /// <param name="program">The program.</param>
    /// <param name="interfaceIndex">The interface, in the calling thread's network namespace.</param>
    /// <param name="flags">The mode, exactly one.</param>
    /// <param name="errno">Why it fails; 0 if it doesn't any more.</param>
    /// <param name="link">The attachment if it succeeds now.</param>
    /// <returns>What the kernel says; nothing where it doesn't, or the process may not listen.</returns>
    internal static string? Ask(BpfProgram program, int interfaceIndex, XdpFlags flags, ref int errno, out XdpLink? link)
    {
        link = null;
        try
        {
            using var trace = TraceInstance.Create(Event, filter: null);
            trace.Mark(Marker[(Marker.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            errno = XdpLink.TryAttach(program, interfaceIndex, flags, out link);
            return link is null ? Find(Read(trace)) : null;
        }
        catch (Exception exception) when (exception is CustomProtoException or IOException or UnauthorizedAccessException)
        {
            // No tracefs, an older kernel, or no permission: the error number has to do.
            return null;
        }
    }

    /// <summary>The message that stands below the mark, from the same thread.</summary>
    /// <param name="trace">The lines of the trace.</param>
    internal static string? Find(string trace)
    {
        string? thread = null;
        foreach (var line in trace.Split('\n'))
        {
            if (line.Length < ThreadWidth)
            {
                continue;
            }

            if (line.EndsWith(Marker, StringComparison.Ordinal))
            {
                thread = line[..ThreadWidth];
            }
            else if (thread is not null && line.StartsWith(thread, StringComparison.Ordinal)
                && line.IndexOf(Text, ThreadWidth, StringComparison.Ordinal) is >= 0 and var at)
            {
                var words = line[(at + Text.Length)..].Trim();
                return words is "" or "(null)" ? null : words;
            }
        }

        return null;
    }

    /// <summary>What is there: the lines were written by this thread, so there is nothing to wait for.</summary>
    static unsafe string Read(TraceInstance trace)
    {
        var lines = new StringBuilder();
        var buffer = new byte[BufferSize];
        fixed (byte* bytes = buffer)
        {
            while (lines.Length < BufferSize && Libc.Read(trace.Pipe, bytes, (nuint)buffer.Length) is > 0 and var length)
            {
                lines.Append(Encoding.UTF8.GetString(bytes, (int)length));
            }
        }

        return lines.ToString();
    }
}

using System.Buffers.Text;
using CustomProto.Bpf;
using CustomProto.Protocol;

namespace CustomProto.Programs;

/// <summary>
/// The text of a <c>trace_pipe</c> with the options that <see cref="TraceInstance"/> sets (trace_print_context in
/// kernel/trace/trace_output.c): <c>"%16s-%-7d [%03d] FLAGS SECONDS.MICROSECONDS: bpf_trace_printk: TEXT"</c>.
/// </summary>
/// <remarks>
/// A process chooses its name and a program its text, with spaces, brackets and newlines. So the name is read by its width, which no
/// name exceeds, and a text ends where the next line reads like one, or with what the kernel gave at once: it never cuts a line.
/// </remarks>
static class TraceFormat
{
    const int NameWidth = 16;
    const long NanosecondsPerSecond = 1_000_000_000;
    const long NanosecondsPerMicrosecond = 1_000;

    /// <summary>Takes the next line, or word of loss, out of what the kernel gave.</summary>
    /// <param name="rest">The bytes, from the start of a line on; moved past what was taken.</param>
    /// <param name="entry">What was taken.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="CustomProtoException">A line isn't like that.</exception>
    internal static bool TryTake(ref ReadOnlySpan<byte> rest, out TraceEntry entry)
    {
        while (!rest.IsEmpty)
        {
            if (TryReadHead(rest, out entry, out var textStart))
            {
                var length = TextLength(rest[textStart..]);
                entry = entry with { Text = VisibleText.Decode(rest.Slice(textStart, length).TrimEnd((byte)'\n')), ProgramId = ReadProgramId(rest.Slice(textStart, length)) };
                rest = rest[(textStart + length)..];
                return true;
            }

            var end = rest.IndexOf((byte)'\n') is >= 0 and var at ? at + 1 : rest.Length;
            var line = rest[..end];
            rest = rest[end..];
            if (TryReadLoss(line, out entry))
            {
                return true;
            }

            if (!line.StartsWith("#"u8))
            {
                throw new CustomProtoException(
                    FailureKind.InvalidData,
                    "TraceUnreadable",
                    $"The kernel's trace has a line that can't be read: '{VisibleText.Decode(line.TrimEnd((byte)'\n'))}'.");
            }
        }

        entry = default;
        return false;
    }

    static bool TryReadHead(ReadOnlySpan<byte> line, out TraceEntry entry, out int textStart)
    {
        entry = default;
        textStart = 0;
        var rest = line;
        if (rest.Length <= NameWidth)
        {
            return false;
        }

        var name = rest[..NameWidth].TrimStart((byte)' ');
        rest = rest[NameWidth..];
        if (!TryPass(ref rest, "-"u8) || !TryTakeNumber(ref rest, out var process)
            || !TryPass(ref rest, " "u8) || !TryPass(ref rest, "["u8) || !TryTakeNumber(ref rest, out var cpu) || !TryPass(ref rest, "] "u8)
            || !TryPassWord(ref rest)
            || !TryTakeNumber(ref rest, out var seconds) || !TryPass(ref rest, "."u8) || !TryTakeNumber(ref rest, out var microseconds)
            || !TryPass(ref rest, ": bpf_trace_printk: "u8))
        {
            return false;
        }

        entry = new TraceEntry
        {
            ProcessName = name.SequenceEqual("<...>"u8) ? null : VisibleText.Decode(name),
            ProcessId = (int)process,
            Cpu = (int)cpu,
            MonotonicNanoseconds = (seconds * NanosecondsPerSecond) + (microseconds * NanosecondsPerMicrosecond),
        };
        textStart = line.Length - rest.Length;
        return true;
    }

    /// <summary><c>CPU:0 [LOST 123 EVENTS]</c>, or without the number where the kernel doesn't know it (print_trace_line).</summary>
    static bool TryReadLoss(ReadOnlySpan<byte> line, out TraceEntry entry)
    {
        entry = default;
        if (!TryPass(ref line, "CPU:"u8) || !TryTakeNumber(ref line, out var cpu) || !TryPass(ref line, "[LOST "u8))
        {
            return false;
        }

        entry = new TraceEntry { Cpu = (int)cpu, Lost = TryTakeNumber(ref line, out var lost) ? lost : 1 };
        return line.TrimStart((byte)' ').StartsWith("EVENTS]"u8);
    }

    /// <summary>How long the text is, with its newline: up to the next line that reads like one of the trace's.</summary>
    static int TextLength(ReadOnlySpan<byte> rest)
    {
        var end = 0;
        while (rest[end..].IndexOf((byte)'\n') is >= 0 and var at)
        {
            end += at + 1;
            if (end == rest.Length || TryReadHead(rest[end..], out _, out _) || TryReadLoss(rest[end..], out _))
            {
                return end;
            }
        }

        return rest.Length;
    }

    /// <summary><c>customproto[81]: </c>, as receive.bpf.c writes it.</summary>
    static uint? ReadProgramId(ReadOnlySpan<byte> text) =>
        text.StartsWith("customproto["u8)
        && Utf8Parser.TryParse(text = text["customproto["u8.Length..], out uint id, out var length)
        && text[length..].StartsWith("]: "u8)
            ? id
            : null;

    static bool TryPass(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        // Columns are padded with spaces on either side.
        var at = expected[0] == ' ' ? rest : rest.TrimStart((byte)' ');
        if (!at.StartsWith(expected))
        {
            return false;
        }

        rest = at[expected.Length..];
        return true;
    }

    static bool TryPassWord(ref ReadOnlySpan<byte> rest)
    {
        var length = rest.IndexOf((byte)' ');
        rest = length > 0 ? rest[length..].TrimStart((byte)' ') : rest;
        return length > 0;
    }

    static bool TryTakeNumber(ref ReadOnlySpan<byte> rest, out long value)
    {
        if (rest.IsEmpty || !char.IsAsciiDigit((char)rest[0]) || !Utf8Parser.TryParse(rest, out value, out var length))
        {
            value = 0;
            return false;
        }

        rest = rest[length..];
        return true;
    }
}

/// <summary>A line of the trace, or the word that some are missing.</summary>
readonly record struct TraceEntry
{
    internal string? ProcessName { get; init; }

    internal int ProcessId { get; init; }

    internal int Cpu { get; init; }

    internal long MonotonicNanoseconds { get; init; }

    internal uint? ProgramId { get; init; }

    /// <summary>What the program wrote; <see langword="null"/> for the word that lines are missing.</summary>
    internal string? Text { get; init; }

    /// <summary>How many lines of the CPU are missing here.</summary>
    internal long Lost { get; init; }
}

using System.Text;
using CustomProto.Programs;

namespace CustomProto.Tests.Programs;

/// <summary>The text of a trace pipe: a line recorded on Linux 6.18, and what else may come.</summary>
public sealed class TraceFormatTests
{
    const string Head = "            bash-25495   [001] b..21  5421.565447: bpf_trace_printk: ";
    const string Own = "customproto[49007]: type 1, length 2, trailing 0, from port 46179 to port 12345";
    const string Plain = Head + Own + "\n";

    [Fact]
    public void A_line_has_its_time_its_cpu_its_process_and_its_program()
    {
        var line = Assert.Single(Read(Plain));

        Assert.Equal(("bash", 25495, 1), (line.ProcessName, line.ProcessId, line.Cpu));
        Assert.Equal(5_421_565_447_000, line.MonotonicNanoseconds);
        Assert.Equal(49007u, line.ProgramId);
        Assert.Equal((Own, 0L), (line.Text, line.Lost));
    }

    [Theory]
    [InlineData("<idle>", "<idle>")]
    [InlineData("<...>", null)]
    [InlineData("tmux: client", "tmux: client")]
    [InlineData("a-1 [002] b", "a-1 [002] b")]
    [InlineData("(sd-pam)", "(sd-pam)")]
    [InlineData("kworker/u8:2-ev", "kworker/u8:2-ev")]
    [InlineData("x\ny", "x␊y")]
    [InlineData("\u001b[2J", "␛[2J")]
    [InlineData("äöüäöüä", "äöüäöüä")]
    [InlineData("-", "-")]
    [InlineData("", "")]
    public void Names_of_processes_may_be_anything(string given, string? shown)
    {
        // %16s counts bytes.
        var name = new string(' ', 16 - Encoding.UTF8.GetByteCount(given)) + given;

        var entries = Read(Plain + name + "-4194304 [127] d.s3.1    12.000001: bpf_trace_printk: x\n" + Plain);

        Assert.Equal(3, entries.Count);
        Assert.Equal((shown, 4194304, 127, "x"), (entries[1].ProcessName, entries[1].ProcessId, entries[1].Cpu, entries[1].Text));
        Assert.Equal((12_000_001_000, null), (entries[1].MonotonicNanoseconds, entries[1].ProgramId));
    }

    [Fact]
    public void Lost_lines_are_reported_with_their_number_or_as_one_at_least()
    {
        var entries = Read(Plain + "CPU:1 [LOST 123 EVENTS]\n" + Plain + "CPU:0 [LOST EVENTS]\n" + Plain);

        Assert.Equal([0, 123, 0, 1, 0], entries.Select(entry => entry.Lost));
        Assert.Equal([(1, 123L), (0, 1L)], entries.Where(entry => entry.Text is null).Select(entry => (entry.Cpu, entry.Lost)));
    }

    [Theory]
    [InlineData("one\n", "one")]
    [InlineData("one\n\n", "one")]
    [InlineData("\n", "")]
    [InlineData("one\ntwo\n", "one␊two")]
    [InlineData("one\nCPU: many\n", "one␊CPU: many")]
    [InlineData("\u001b]0;title\u0007\n", "␛]0;title␇")]
    public void A_text_may_have_newlines_and_does_nothing_to_a_terminal(string written, string shown) =>
        Assert.Equal([shown, Own], Read(Head + written + Plain).Select(entry => entry.Text));

    [Theory]
    [InlineData("customproto[1]: x", 1u)]
    [InlineData("customproto[4294967295]: x", 4294967295u)]
    [InlineData("customproto[4294967296]: x", null)]
    [InlineData("customproto[]: x", null)]
    [InlineData("customproto[1] x", null)]
    [InlineData("customproto", null)]
    [InlineData("my customproto[1]: x", null)]
    [InlineData("", null)]
    public void Only_what_begins_as_our_programs_write_is_theirs(string text, uint? program) =>
        Assert.Equal(program, Assert.Single(Read(Head + text + "\n")).ProgramId);

    [Fact]
    public void Annotations_are_passed_over_and_anything_else_is_refused()
    {
        Assert.Single(Read("##### CPU 1 buffer started ####\n" + Plain));
        var failure = Assert.Throws<CustomProtoException>(() => Read("what is \u001b this\n"));
        Assert.Equal((FailureKind.InvalidData, "TraceUnreadable"), (failure.Kind, failure.ErrorId));
        Assert.Contains("'what is ␛ this'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_text_is_read_or_refused_and_nothing_else_happens()
    {
        const int Seed = 12345;
        var random = new Random(Seed);
        var original = Encoding.UTF8.GetBytes(Plain + "CPU:1 [LOST 123 EVENTS]\n" + Plain);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = original[random.Next(original.Length)..];
            for (var hits = random.Next(4); hits > 0; hits--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                Read(bytes);
            }
            catch (CustomProtoException)
            {
                // Refused.
            }
        }
    }

    static List<TraceEntry> Read(string text) => Read(Encoding.UTF8.GetBytes(text));

    static List<TraceEntry> Read(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        var entries = new List<TraceEntry>();
        while (TraceFormat.TryTake(ref rest, out var entry))
        {
            entries.Add(entry);
        }

        return entries;
    }
}

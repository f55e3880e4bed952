using System.Diagnostics;
using System.Management.Automation;
using CustomProto.PowerShell.Parameters;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <summary>Streams the lines that BPF programs write to the kernel's trace.</summary>
[Cmdlet(VerbsCommon.Get, "XdpTrace")]
[OutputType(typeof(TraceLine))]
public sealed class GetXdpTraceCommand : CustomProtoCommand
{
    TraceReader? _reader;

    /// <summary>How many lines to read.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>How long to read in all.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Whether the lines of every BPF program are wanted.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!Attempt(() => TraceReader.Open(All), null, out _reader))
        {
            return;
        }

        WriteVerbose("Reading the kernel's trace; lines from before aren't in it.");
        var started = Stopwatch.GetTimestamp();
        var lost = 0L;
        for (var left = Count; left > 0 && Attempt(() => Next(started), null, out var line) && line is not null; left--)
        {
            if (lost == 0 && line.LostBefore > 0)
            {
                WriteWarning($"{line.LostBefore} lines of CPU {line.Cpu} were lost before this one: programs write faster than they are read. LostBefore tells how many were lost where.");
            }

            lost += line.LostBefore;
            WriteObject(line);
        }

        if (_reader!.Lost > 0)
        {
            WriteWarning($"{_reader!.Lost} lines of the trace were lost.");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        base.Dispose(disposing);
    }

    TraceLine? Next(long started)
    {
        var left = Timeout == System.Threading.Timeout.InfiniteTimeSpan ? Timeout : Timeout - Stopwatch.GetElapsedTime(started);
        return left <= TimeSpan.Zero && Timeout != System.Threading.Timeout.InfiniteTimeSpan ? null : _reader!.Read(left, StopToken);
    }
}

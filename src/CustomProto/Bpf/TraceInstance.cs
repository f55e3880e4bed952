using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>
/// A trace of our own in tracefs, with buffers that nobody else reads (Documentation/trace/ftrace.rst, "Instances"): every line of
/// one event from its start on, without taking any from others. Gone with <see cref="Dispose"/>; what a killed process leaves is
/// removed by the next <see cref="Create"/>. Needs root.
/// </summary>
sealed class TraceInstance : IDisposable
{
    /// <summary>What programs write with <c>bpf_printk</c>.</summary>
    internal const string Printk = "bpf_trace/bpf_trace_printk";

    const string Prefix = "customproto";

    /// <summary>A new instance takes over the options that somebody set for the whole system; lines have to look as they are read.</summary>
    static readonly string[] s_options =
    [
        "context-info", "irq-info", "nolatency-format", "noraw", "nohex", "nobin", "noblock", "nofields", "nostacktrace", "nouserstacktrace", "norecord-tgid", "noverbose", "overwrite", "markers",
    ];

    readonly string _path;

    TraceInstance(string path, FileDescriptor pipe)
    {
        _path = path;
        Pipe = pipe;
    }

    /// <summary>The lines: reading takes them, doesn't block, and never returns a part of one where there is room for 8 KiB.</summary>
    internal FileDescriptor Pipe { get; }

    /// <summary>Makes an instance in which lines arrive at once, and sweeps up those of dead processes.</summary>
    /// <param name="traced">The event, as its directory below <c>events</c>.</param>
    /// <param name="filter">Which lines, as a filter of the kernel's (Documentation/trace/events.rst); all without one.</param>
    /// <exception cref="CustomProtoException">There is no tracefs, or the process may not use it.</exception>
    internal static TraceInstance Create(string traced, string? filter)
    {
        var instances = Path.Combine(MountPoints.Find("tracefs", MountPoints.Tracefs) ?? throw NotMounted(), "instances");
        var path = Path.Combine(instances, OwnName());
        try
        {
            Sweep(instances);
            Directory.CreateDirectory(path);
            try
            {
                return new TraceInstance(path, Start(path, Path.Combine(path, "events", traced), filter));
            }
            catch
            {
                Directory.Delete(path);
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(instances, exception);
        }
    }

    /// <summary>Removes the instances that processes left which ended without being able to.</summary>
    /// <returns>How many.</returns>
    internal static int Sweep(string instances)
    {
        var swept = 0;
        foreach (var path in Directory.EnumerateDirectories(instances, $"{Prefix}-*"))
        {
            if (IsDead(Path.GetFileName(path)))
            {
                swept += TryRemove(path) ? 1 : 0;
            }
        }

        return swept;
    }

    /// <summary>Whether an instance has one of our names, and its process is gone.</summary>
    internal static bool IsDead(string name) =>
        name.Split('-') is [Prefix, var process, var started, _]
        && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && ulong.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var start)
        && ProcessStart.Read(id) != start;

    /// <summary>Writes a line of the calling thread's own (<c>tracing_mark_write: TEXT</c>).</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not.</exception>
    internal void Mark(string text) => File.WriteAllText(Path.Combine(_path, "trace_marker"), text);

    /// <inheritdoc/>
    public void Dispose()
    {
        Pipe.Dispose();
        TryRemove(_path);
    }

    static FileDescriptor Start(string path, string traced, string? filter)
    {
        File.WriteAllText(Path.Combine(path, "trace_clock"), "mono");
        foreach (var option in s_options)
        {
            SetOption(path, option);
        }

        // Readers are to be woken by the first line, not by half a buffer of them.
        TryWrite(Path.Combine(path, "buffer_percent"), "0");
        if (filter is not null)
        {
            File.WriteAllText(Path.Combine(traced, "filter"), filter);
        }

        var pipe = Libc.Open(Path.Combine(path, "trace_pipe"), Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        if (pipe.IsInvalid)
        {
            throw Failures.Create(Operation.OpenTrace, Marshal.GetLastPInvokeError(), path);
        }

        try
        {
            File.WriteAllText(Path.Combine(traced, "enable"), "1");
            return pipe;
        }
        catch
        {
            pipe.Dispose();
            throw;
        }
    }

    /// <summary>Not every kernel has every option; one that isn't there isn't set.</summary>
    static void SetOption(string path, string option) => TryWrite(Path.Combine(path, "trace_options"), option);

    static void TryWrite(string file, string value)
    {
        try
        {
            File.WriteAllText(file, value);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            // EINVAL or ENOENT: this kernel doesn't have it.
        }
    }

    /// <summary>Removes an instance; one that another process still reads stays, as does one that another process has just removed.</summary>
    static bool TryRemove(string path)
    {
        try
        {
            Directory.Delete(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    static string OwnName() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}-{Environment.ProcessId}-{ProcessStart.Read(Environment.ProcessId)}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");

    static CustomProtoException NotMounted() => new(
        FailureKind.NotInstalled,
        "TracefsNotMounted",
        "The kernel's trace can't be read: tracefs isn't mounted.",
        $"Mount it as root: mount -t tracefs tracefs {MountPoints.Tracefs}. Inside 'ip netns exec' it is hidden; 'nsenter --net=' keeps it.",
        MountPoints.Tracefs);

    static CustomProtoException Refused(string instances, Exception reason) => reason is UnauthorizedAccessException
        ? new CustomProtoException(
            FailureKind.PermissionDenied,
            "TraceNotPermitted",
            $"The kernel's trace can't be read: no access to {instances}.",
            "Run as root (sudo pwsh). Where that doesn't help, the kernel is locked down or the container keeps tracefs read-only.",
            instances,
            reason)
        : new CustomProtoException(
            FailureKind.Unsupported,
            "TraceUnavailable",
            $"The kernel's trace can't be read: {reason.Message}",
            "The kernel needs tracefs instances and BPF events (CONFIG_FTRACE, CONFIG_BPF_EVENTS).",
            instances,
            reason);
}

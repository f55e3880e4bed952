namespace CustomProto.PowerShell.Tests;

/// <summary>A tracefs instance of our own, so that no line is taken from anybody.</summary>
sealed class TraceInstance : IDisposable
{
    readonly string _path = Directory.CreateDirectory($"/sys/kernel/tracing/instances/customproto-test-{Guid.NewGuid():N}").FullName;

    internal TraceInstance() => File.WriteAllText(Path.Combine(_path, "events/bpf_trace/bpf_trace_printk/enable"), "1");

    /// <summary>The lines so far, without comments.</summary>
    internal string Read() => string.Join('\n', File.ReadLines(Path.Combine(_path, "trace")).Where(line => !line.StartsWith('#')));

    public void Dispose()
    {
        File.WriteAllText(Path.Combine(_path, "events/enable"), "0");
        Directory.Delete(_path);
    }
}

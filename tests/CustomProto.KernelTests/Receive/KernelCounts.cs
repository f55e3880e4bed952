using System.Diagnostics;
using System.Text.RegularExpressions;

namespace CustomProto.KernelTests.Receive;

/// <summary>How many BPF objects there are in the whole kernel, whoever they belong to.</summary>
readonly partial record struct KernelCounts(int Programs, int Maps, int Links)
{
    internal static KernelCounts Now() => new(Count("prog"), Count("map"), Count("link"));

    /// <summary>
    /// Waits until there are hardly more than there were: the kernel frees them a little after the last user has gone. Other processes
    /// may have some by now, which this can't tell from ours, so a few are allowed.
    /// </summary>
    internal static void WaitFor(KernelCounts before, int others)
    {
        var clock = Stopwatch.StartNew();
        var now = Now();
        while (!now.IsWithin(before, others) && clock.Elapsed < TimeSpan.FromSeconds(10))
        {
            // Nothing announces that the kernel has freed something.
            Thread.Sleep(100);
            now = Now();
        }

        Assert.True(now.IsWithin(before, others), $"There were {before}, and now there are {now}.");
    }

    bool IsWithin(KernelCounts before, int others) =>
        Programs <= before.Programs + others && Maps <= before.Maps + others && Links <= before.Links + others;

    static int Count(string kind)
    {
        using var process = Process.Start(new ProcessStartInfo("bpftool", ["--json", kind, "list"]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return Id().Count(output);
    }

    [GeneratedRegex("\"id\":")]
    private static partial Regex Id();
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using CustomProto.Native;

namespace CustomProto.Benchmarks;

/// <summary>Where the numbers come from: they mean little without it.</summary>
sealed record Machine
{
    public required string Date { get; init; }

    public required string Commit { get; init; }

    public required string Kernel { get; init; }

    public required string Cpu { get; init; }

    public int CpuCount { get; init; } = Environment.ProcessorCount;

    /// <summary>How many processes wanted to run, on average over the last minute: on a busy machine the numbers say less.</summary>
    public required string LoadAverage { get; init; }

    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    internal static Machine Describe(string? powerShell) => new()
    {
        Date = DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        Commit = DescribeCommit(),
        Kernel = $"{Environment.OSVersion.Platform switch { PlatformID.Unix => "Linux", _ => "" }} {FirstLine("uname", "-r")} {FirstLine("uname", "-m")}",
        Cpu = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown",
        LoadAverage = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        Versions = new Dictionary<string, string>
        {
            ["libbpf"] = Marshal.PtrToStringUTF8(Libbpf.libbpf_version_string()) ?? "unknown",
            [".NET"] = Environment.Version.ToString(),
            ["pwsh"] = powerShell is null ? "none" : FirstLine(powerShell, "--version").Replace("PowerShell ", "", StringComparison.Ordinal),

            // It doesn't tell its version.
            ["xdp-loader"] = FirstLine("dpkg-query", "--show", "--showformat", "${Version}", "xdp-tools"),
            ["bpftool"] = FirstLine("bpftool", "version").Replace("bpftool ", "", StringComparison.Ordinal),
            ["clang"] = FirstLine("clang", "--version"),
            ["gcc"] = FirstLine("gcc", "-dumpfullversion"),
            ["Scapy"] = FirstLine("/usr/bin/python3", "-c", "import scapy; print(scapy.VERSION)"),
        },
    };

    static string DescribeCommit()
    {
        var commit = FirstLine("git", "rev-parse", "--short", "HEAD");
        var changed = FirstLine("git", "--no-optional-locks", "status", "--porcelain", "--", "bpf", "src", "tests/CustomProto.Benchmarks");
        return changed is "unknown" ? commit : $"{commit} with changes";
    }

    static string FirstLine(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var line = process.StandardOutput.ReadLine();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            _ = errors.Result;
            return process.ExitCode == 0 && !string.IsNullOrWhiteSpace(line) ? line.Trim() : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}

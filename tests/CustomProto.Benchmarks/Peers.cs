using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CustomProto.KernelTests;

namespace CustomProto.Benchmarks;

/// <summary>What a sender or receiver did.</summary>
/// <param name="Packets">How many packets.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Cpu">How much time of a CPU it took.</param>
readonly record struct Work(long Packets, TimeSpan Elapsed, TimeSpan Cpu)
{
    /// <summary>Reads what peers print: packets, nanoseconds and nanoseconds of CPU time.</summary>
    internal static Work Parse(string line)
    {
        long[] numbers = [.. line.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        return new Work(numbers[0], TimeSpan.FromMicroseconds(numbers[1] / 1000.0), TimeSpan.FromMicroseconds(numbers[2] / 1000.0));
    }

    /// <summary>Both, one after the other.</summary>
    public static Work operator +(Work one, Work other) => new(one.Packets + other.Packets, one.Elapsed + other.Elapsed, one.Cpu + other.Cpu);

    /// <summary>Packets per second.</summary>
    internal double Rate => Packets / Elapsed.TotalSeconds;

    /// <summary>Nanoseconds of a CPU for a packet.</summary>
    internal double CpuNanoseconds => Cpu.TotalNanoseconds / Packets;
}

/// <summary>The programs of <c>peers/</c>, compiled once and kept until this is disposed of.</summary>
sealed class Peers : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("customproto-peers-").FullName;

    /// <summary>Compiles <c>peers/NAME.c</c>, and <c>peers/NAME.bpf.c</c> beside it where there is one.</summary>
    /// <returns>The program's path.</returns>
    internal string Compile(string name)
    {
        var program = Path.Combine(_folder, name);
        if (!File.Exists(program))
        {
            if (File.Exists(Source($"{name}.bpf.c")))
            {
                CompileBpf(name);
            }

            Execute("gcc", ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", Source($"{name}.c"), "-o", program, "-lbpf"]);
        }

        return program;
    }

    /// <summary>Compiles <c>peers/NAME.bpf.c</c>, as tutorials do.</summary>
    /// <returns>The object file's path.</returns>
    internal string CompileBpf(string name)
    {
        var target = Path.Combine(_folder, $"{name}.bpf.o");
        if (!File.Exists(target))
        {
            var machine = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";
            Execute("clang", ["-O2", "-g", "-target", "bpf", "-idirafter", $"/usr/include/{machine}-linux-gnu", "-c", Source($"{name}.bpf.c"), "-o", target]);
        }

        return target;
    }

    /// <summary>Runs a compiled peer on a host.</summary>
    internal Work Run(TestNetwork network, int host, string name, string arguments) => Work.Parse(network.Execute(host, Compile(name), arguments));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static string Source(string name) => Path.Combine(AppContext.BaseDirectory, "peers", name);

    static void Execute(string compiler, IEnumerable<string> arguments)
    {
        using var process = Process.Start(compiler, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{compiler} failed: {string.Join(' ', arguments)}");
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using CustomProto.Bpf;
using CustomProto.Fixtures;
using Xunit.Abstractions;

namespace CustomProto.KernelTests.Programs;

/// <summary>
/// Damaged object files through the check, and those that pass it through libbpf into the kernel: a crash of libbpf would be the end of
/// the user's shell. Each is tried in a child process (tests/Fixtures/programs/load_objects.c).
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class DamagedObjectTests(ITestOutputHelper output)
{
    /// <summary>5,000 in all; fewer of those objects that take the kernel's verifier, or libbpf with the kernel's types, a tenth of a second.</summary>
    static readonly (string Name, int Mutants)[] s_objects = [("pass", 1900), ("variables", 1900), ("many", 600), ("receive", 600)];

    /// <summary>Environment variables for more: how many times that, and from which seed.</summary>
    static readonly int s_factor = Number("CUSTOMPROTO_MUTANTS") ?? 1;

    [KernelFact(KernelNeed.Bpf)]
    public void No_damaged_object_ends_or_hangs_the_process()
    {
        var seed = Number("CUSTOMPROTO_SEED") ?? Environment.TickCount;
        var (refused, results, crashes) = (0, new SortedDictionary<string, int>(), new List<string>());
        var folder = Directory.CreateTempSubdirectory("cp-damaged-").FullName;
        var crashFolder = Path.Combine(AppContext.BaseDirectory, "crashes");
        using var libbpf = StartLoader(folder);
        foreach (var (name, mutants) in s_objects)
        {
            var bytes = name == "receive" ? EmbeddedObject.Read(name) : File.ReadAllBytes(FixtureObjects.Compile(name));
            CheckedObject.Require(bytes, name);
            var mutator = new ObjectMutator(bytes, seed);
            for (var i = 0; i < mutants * s_factor; i++)
            {
                var mutant = mutator.Next();
                if (!IsWhole(mutant))
                {
                    refused++;
                    continue;
                }

                var result = Try(libbpf, Path.Combine(folder, "mutant.o"), mutant);
                results[result] = results.GetValueOrDefault(result) + 1;
                if (result.StartsWith("signal", StringComparison.Ordinal) || result.StartsWith("exit", StringComparison.Ordinal) || result == "hang")
                {
                    Directory.CreateDirectory(crashFolder);
                    crashes.Add(Path.Combine(crashFolder, string.Create(CultureInfo.InvariantCulture, $"{name}-{seed}-{i}.o")));
                    File.WriteAllBytes(crashes[^1], mutant);
                }
            }
        }

        libbpf.StandardInput.Close();
        libbpf.WaitForExit();
        Directory.Delete(folder, recursive: true);
        var summary = $"seed {seed}: {refused} refused by the check; {string.Join(", ", results.Select(result => $"{result.Key}: {result.Value}"))}";
        output.WriteLine(summary);
        Assert.True(crashes.Count == 0, $"{summary}\nlibbpf crashed on:\n{string.Join('\n', crashes)}");

        // A check that refuses everything would be safe, and of no use.
        Assert.InRange(results.GetValueOrDefault("ok"), results.Values.Sum() / 4, int.MaxValue);
    }

    static bool IsWhole(byte[] bytes)
    {
        try
        {
            CheckedObject.Require(bytes, "x");
            return true;
        }
        catch (CustomProtoException refusal) when (refusal.ErrorId == "InvalidObjectFile")
        {
            return false;
        }
    }

    static string Try(Process libbpf, string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        libbpf.StandardInput.WriteLine(path);
        libbpf.StandardInput.Flush();
        return libbpf.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The loader of damaged objects ended.");
    }

    static Process StartLoader(string folder)
    {
        var program = Path.Combine(folder, "load_objects");
        using (var compiler = Process.Start("clang", ["-O1", "-o", program, Path.Combine(FixtureObjects.Sources, "load_objects.c"), "-lbpf"]))
        {
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }

        return Process.Start(new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}

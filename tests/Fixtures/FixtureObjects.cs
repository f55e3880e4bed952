using System.Collections.Concurrent;
using CustomProto.Programs;

namespace CustomProto.Fixtures;

/// <summary>The programs of tests/Fixtures/programs, compiled when a test asks for one.</summary>
static class FixtureObjects
{
    static readonly ConcurrentDictionary<string, Lazy<string>> s_objects = new();

    /// <summary>The folder with the sources.</summary>
    internal static string Sources { get; } = Path.Combine(FindRoot(), "tests", "Fixtures", "programs");

    /// <summary>The path of the object file that NAME.bpf.c compiles to.</summary>
    internal static string Compile(string name) => s_objects.GetOrAdd(name, name => new Lazy<string>(() =>
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "objects"));
        var result = ClangCompiler.Compile(new CompileOptions
        {
            SourcePath = Path.Combine(Sources, $"{name}.bpf.c"),
            OutputPath = Path.Combine(folder.FullName, $"{name}.bpf.o"),
        });
        return result.OutputPath ?? throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
    })).Value;

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder.FullName;
    }
}

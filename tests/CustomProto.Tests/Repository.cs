namespace CustomProto.Tests;

/// <summary>The source tree that these tests were built in.</summary>
static class Repository
{
    /// <summary>The folder that has the solution's central files.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>A path in the tree.</summary>
    internal static string Locate(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>The source files of some extensions below a folder; what builds leave (bin, obj) is not source.</summary>
    internal static IEnumerable<string> Sources(string folder, params string[] extensions) =>
        Directory.EnumerateFiles(Locate(folder), "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file)) && !Relative(file).Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    /// <summary>A path as a person would name it.</summary>
    internal static string Relative(string path) => Path.GetRelativePath(Root, path);

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

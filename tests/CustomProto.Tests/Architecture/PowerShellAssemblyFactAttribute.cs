namespace CustomProto.Tests.Architecture;

/// <summary>A test of the assembly of the cmdlets, which a build of these tests alone doesn't make.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class PowerShellAssemblyFactAttribute : FactAttribute
{
    const string FileName = "CustomProto.PowerShell.dll";

    public PowerShellAssemblyFactAttribute() => Skip = Location is null ? "src/CustomProto.PowerShell is not built." : null;

    /// <summary>The assembly that was built last, if there is one.</summary>
    internal static string? Location { get; } = Find();

    static string? Find()
    {
        var folder = new DirectoryInfo(Repository.Locate("src", "CustomProto.PowerShell", "bin"));
        return folder.Exists
            ? folder.EnumerateFiles(FileName, SearchOption.AllDirectories).MaxBy(file => file.LastWriteTimeUtc)?.FullName
            : null;
    }
}

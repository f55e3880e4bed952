using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace CustomProto.PowerShell.Tests;

/// <summary>Where PowerShell and the module are; the build wrote it into this assembly.</summary>
static class Installation
{
    /// <summary>The folder of the installed PowerShell; empty where the tests bring it along as a package.</summary>
    static readonly string s_home = Read("PowerShellHome");

    /// <summary>The module folder that was built.</summary>
    internal static string Module { get; } = Read("ModuleFolder");

    /// <summary>The executable, for tests with a process of their own.</summary>
    internal static string? Executable { get; } = FindExecutable();

    /// <summary>
    /// Before anything names a type of PowerShell: its assemblies are in its own folder, not beside the tests.
    /// </summary>
    [ModuleInitializer]
    internal static void UseInstalledPowerShell()
    {
        Environment.SetEnvironmentVariable("NO_COLOR", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_UPDATECHECK", "Off");
        if (s_home.Length > 0)
        {
            AssemblyLoadContext.Default.Resolving += static (context, name) =>
                Path.Combine(s_home, $"{name.Name}.dll") is var path && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        }
    }

    static string Read(string key) =>
        typeof(Installation).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value ?? "";

    static string? FindExecutable() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Prepend(s_home)
        .Select(folder => Path.Combine(folder, "pwsh"))
        .FirstOrDefault(File.Exists);
}

using System.Management.Automation;
using System.Reflection;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using CustomProto.Fixtures;

namespace CustomProto.PowerShell.Tests;

/// <summary>The module folder as a whole: what it exports, and that nothing is in it that PowerShell brings itself.</summary>
public sealed class ManifestTests : IDisposable
{
    /// <summary>What changes nothing, and so has nothing to ask about.</summary>
    static readonly string[] s_looking = [VerbsCommon.Get, VerbsCommon.New, VerbsDiagnostic.Test, VerbsData.Import, VerbsData.ConvertTo, VerbsData.ConvertFrom];

    readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Manifest_is_complete()
    {
        var manifest = _shell.Run("Test-ModuleManifest $args[0]", Path.Combine(Installation.Module, "CustomProto.psd1")).WithoutErrors().Single<PSModuleInfo>();

        Assert.Equal(new Version(7, 6), manifest.PowerShellVersion);
        Assert.Equal(["Core"], manifest.CompatiblePSEditions);
        Assert.NotEqual(Guid.Empty, manifest.Guid);
        string[] texts = [manifest.Author, manifest.CompanyName, manifest.Copyright, manifest.Description, manifest.ReleaseNotes];
        Assert.All(texts, text => Assert.False(string.IsNullOrWhiteSpace(text)));
        Assert.Contains("Linux", manifest.Tags);
        Assert.Contains("PSEdition_Core", manifest.Tags);
        Assert.Equal(manifest.Version.ToString(), CommandAssembly.GetName().Version!.ToString(3));
        Assert.Empty(manifest.ExportedFunctions);
        Assert.Empty(manifest.ExportedAliases);
        Assert.Empty(manifest.ExportedVariables);
    }

    [Fact]
    public void Every_command_class_is_exported_and_nothing_else()
    {
        var exported = _shell.Run("(Get-Module CustomProto).ExportedCmdlets.Values").All<CmdletInfo>();

        Assert.Equal(
            CommandTypes.Select(type => type.FullName).Order(StringComparer.Ordinal),
            exported.Select(command => command.ImplementingType.FullName).Order(StringComparer.Ordinal));
        Assert.Equal(exported.Select(command => command.Name).Order(StringComparer.Ordinal), ListedInManifest());
    }

    [Fact]
    public void Verbs_are_approved_and_nouns_singular()
    {
        var approved = _shell.Run("(Get-Verb).Verb").All<string>();

        foreach (var type in CommandTypes)
        {
            var attribute = type.GetCustomAttribute<CmdletAttribute>()!;
            Assert.Contains(attribute.VerbName, approved);
            Assert.Equal($"{attribute.VerbName}{attribute.NounName}Command", type.Name);
            Assert.True(attribute.NounName is "XdpStatistics" || !attribute.NounName.EndsWith('s'), attribute.NounName);
        }
    }

    [Fact]
    public void Every_command_says_what_it_emits_and_those_that_change_something_ask()
    {
        foreach (var type in CommandTypes)
        {
            var attribute = type.GetCustomAttribute<CmdletAttribute>()!;
            Assert.NotEmpty(type.GetCustomAttributes<OutputTypeAttribute>());
            Assert.Equal(!s_looking.Contains(attribute.VerbName), attribute.SupportsShouldProcess);
        }
    }

    [Fact]
    public void Folder_holds_the_module_and_nothing_more()
    {
        var files = Directory.GetFiles(Installation.Module, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Installation.Module, path));

        string[] headers = [.. Directory.GetFiles(Path.Combine(FixtureObjects.Sources, "..", "..", "..", "bpf"), "*.h").Select(path => $"include/{Path.GetFileName(path)}")];

        Assert.Contains("include/customproto.h", headers);
        Assert.Equal(
            [
                "CustomProto.Format.ps1xml",
                "CustomProto.PowerShell.dll",
                "CustomProto.Types.ps1xml",
                "CustomProto.dll",
                "CustomProto.psd1",
                "en-US/CustomProto.PowerShell.dll-Help.xml",
                "en-US/about_CustomProto.help.txt",
                .. headers.Order(StringComparer.Ordinal),
            ],
            files.Order(StringComparer.Ordinal));
    }

    /// <summary>Machine code loads on its own architecture only, and PowerShell says so where the manifest does.</summary>
    [Fact]
    public void Manifest_names_the_architecture_where_the_assemblies_have_machine_code()
    {
        bool[] compiled = [.. Directory.GetFiles(Installation.Module, "*.dll").Select(HasMachineCode).Distinct()];
        var architecture = _shell.Run("(Test-ModuleManifest $args[0]).ProcessorArchitecture", Path.Combine(Installation.Module, "CustomProto.psd1")).WithoutErrors().Single<ProcessorArchitecture>();

        Assert.Equal(RuntimeInformation.ProcessArchitecture == Architecture.X64 && Assert.Single(compiled) ? ProcessorArchitecture.Amd64 : ProcessorArchitecture.None, architecture);

        static bool HasMachineCode(string path)
        {
            using var file = new PEReader(File.OpenRead(path));
            return file.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
        }
    }

    [Fact]
    public void Views_are_for_types_that_exist()
    {
        string[] files = ["CustomProto.Format.ps1xml", "CustomProto.Types.ps1xml"];
        var names = files.SelectMany(file => XDocument.Load(Path.Combine(Installation.Module, file)).Descendants())
            .Where(element => element.Name.LocalName == "TypeName" || (element.Name.LocalName == "Name" && element.Parent!.Name.LocalName == "Type"))
            .Select(element => element.Value.Replace("Deserialized.", "", StringComparison.Ordinal).Split('#')[0])
            .Distinct();

        Assert.All(names, name => Assert.True((CommandAssembly.GetType(name) ?? typeof(Protocol.CustomMessage).Assembly.GetType(name)) is not null, name));
    }

    /// <summary>The module uses this assembly's copy of the library, so that tests and commands share their receivers and types.</summary>
    [Fact]
    public void Tests_and_module_share_the_library() => Assert.Same(
        typeof(Protocol.CustomMessage).Assembly,
        CommandTypes.First().BaseType!.Assembly.GetReferencedAssemblies()
            .Where(name => name.Name == "CustomProto")
            .Select(Assembly.Load)
            .Single());

    static Assembly CommandAssembly => AppDomain.CurrentDomain.GetAssemblies().First(assembly => assembly.GetName().Name == "CustomProto.PowerShell");

    static IEnumerable<Type> CommandTypes => CommandAssembly.GetExportedTypes().Where(type => type.Namespace == "CustomProto.PowerShell.Commands");

    IEnumerable<string> ListedInManifest() =>
        _shell.Run("(Import-PowerShellDataFile $args[0]).CmdletsToExport", Path.Combine(Installation.Module, "CustomProto.psd1"))
            .WithoutErrors()
            .All<string>()
            .Order(StringComparer.Ordinal);
}

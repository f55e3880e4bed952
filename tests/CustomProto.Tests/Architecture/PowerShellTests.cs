namespace CustomProto.Tests.Architecture;

/// <summary>What the assembly of the cmdlets may do: use what is public, and know nothing of the kernel.</summary>
public sealed class PowerShellTests
{
    static readonly DependencyRules s_rules = new("CustomProto", new Dictionary<string, string[]>
    {
        ["PowerShell"] = ["Exchange", "Receive", "Send", "Programs", "Capture", "Net", "Protocol"],
        ["Exchange"] = [],
        ["Receive"] = [],
        ["Send"] = [],
        ["Programs"] = [],
        ["Capture"] = [],
        ["Net"] = [],
        ["Protocol"] = [],
        ["Bpf"] = [],
        ["Native"] = [],
        ["Abi"] = [],
    });

    static readonly string[] s_hidden = ["CustomProto.Bpf", "CustomProto.Native", "CustomProto.Abi"];

    [PowerShellAssemblyFact]
    public void The_cmdlets_use_neither_Bpf_nor_Native_nor_Abi()
    {
        using var assembly = new AssemblyContents(PowerShellAssemblyFactAttribute.Location!);

        Assert.Contains(assembly.Mentions, mention => mention.To.Namespace == "CustomProto.Receive");
        DependencyTests.AssertNone(s_rules.Violations(assembly.Mentions));
    }

    [Fact]
    public void The_source_of_the_cmdlets_names_neither_Bpf_nor_Native_nor_Abi() => DependencyTests.AssertNone(
        Repository.Sources("src/CustomProto.PowerShell", ".cs")
            .SelectMany(File.ReadLines, (file, line) => (File: file, Line: line))
            .Where(found => found.Line.StartsWith("using ", StringComparison.Ordinal)
                && s_hidden.Any(area => found.Line.Contains(area, StringComparison.Ordinal)))
            .Select(found => $"{Repository.Relative(found.File)}: {found.Line}"));

    [PowerShellAssemblyFact]
    public void The_cmdlets_import_no_native_function_and_have_no_unsafe_code()
    {
        using var assembly = new AssemblyContents(PowerShellAssemblyFactAttribute.Location!);

        Assert.Empty(assembly.ImportingTypes);
        Assert.False(assembly.AllowsUnsafeCode);
    }
}

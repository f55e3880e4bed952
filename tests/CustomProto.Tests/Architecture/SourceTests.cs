namespace CustomProto.Tests.Architecture;

public sealed class SourceTests
{
    static readonly string[] s_folders = ["src", "bpf", "tests"];

    static readonly string[] s_extensions = [".cs", ".c", ".h", ".ps1", ".psm1", ".psd1"];

    [Fact]
    public void Files_are_short_without_regions_and_banners_and_kernel_code_names_its_license() => DependencyTests.AssertNone(
        s_folders
            .SelectMany(folder => Repository.Sources(folder, s_extensions))
            .SelectMany(file => SourceRules.Check(Repository.Relative(file), File.ReadAllText(file))));

    [Fact]
    public void Folders_have_names_that_say_what_belongs_there() => DependencyTests.AssertNone(
        s_folders
            .SelectMany(folder => Repository.Sources(folder, s_extensions))
            .SelectMany(file => Path.GetDirectoryName(Repository.Relative(file))!.Split('/'))
            .Distinct()
            .Where(SourceRules.SaysNothing));

    [Fact]
    public void Types_have_names_that_say_what_they_are()
    {
        using var library = new AssemblyContents(typeof(CustomProtoException).Assembly.Location);

        Assert.DoesNotContain(library.Types, type => SourceRules.SaysNothing(type.Name));
    }

    [PowerShellAssemblyFact]
    public void Types_of_the_cmdlets_have_names_that_say_what_they_are()
    {
        using var assembly = new AssemblyContents(PowerShellAssemblyFactAttribute.Location!);

        Assert.DoesNotContain(assembly.Types, type => SourceRules.SaysNothing(type.Name));
    }

    [Theory]
    [InlineData("bpf/a.h", "#include <x.h>\n", "bpf/a.h: the first line names no license (SPDX-License-Identifier)")]
    [InlineData("src/A.cs", "a\n    #region Fields\n", "src/A.cs:2: a region")]
    [InlineData("src/A.cs", "#endregion", "src/A.cs:1: a region")]
    [InlineData("src/A.cs", "    // ---- fields ----\n", "src/A.cs:1: a banner")]
    [InlineData("src/A.cs", "//////////\n", "src/A.cs:1: a banner")]
    [InlineData("tests/a.py", "# ======\n", "tests/a.py:1: a banner")]
    [InlineData("tests/a.c", "/*******\n * x\n", "tests/a.c:1: a banner")]
    [InlineData("tests/a.c", " * ------\n", "tests/a.c:1: a banner")]
    public void What_is_not_wanted_is_found(string path, string text, string expected) => Assert.Equal([expected], SourceRules.Check(path, text));

    [Fact]
    public void A_file_of_more_than_400_lines_is_found()
    {
        Assert.Empty(SourceRules.Check("src/A.cs", string.Concat(Enumerable.Repeat("a\n", 400))));
        Assert.Equal(["src/A.cs: 401 lines; split it by concern"], SourceRules.Check("src/A.cs", string.Concat(Enumerable.Repeat("a\n", 401))));
        Assert.Empty(SourceRules.Check("tests/A.cs", string.Concat(Enumerable.Repeat("a\n", 401))));
    }

    [Theory]
    [InlineData("/* SPDX-License-Identifier: MIT */\n/* plain */\n")]
    [InlineData("/* SPDX-License-Identifier: MIT */\n#define X -1\n/* a - b */\n")]
    public void Ordinary_text_is_not_found(string text) => Assert.Empty(SourceRules.Check("bpf/a.h", text));

    [Theory]
    [InlineData("Utils", true)]
    [InlineData("StringHelpers", true)]
    [InlineData("common", true)]
    [InlineData("RingManager", true)]
    [InlineData("Receiver", false)]
    public void A_name_that_says_nothing_is_found(string name, bool expected) => Assert.Equal(expected, SourceRules.SaysNothing(name));
}

using System.Text.RegularExpressions;

namespace CustomProto.Tests.Architecture;

public sealed partial class DependencyTests
{
    const string SyntheticRoot = "CustomProto.Tests.Architecture.Synthetic";

    static readonly string s_library = typeof(CustomProtoException).Assembly.Location;

    static readonly DependencyRules s_synthetic = new(SyntheticRoot, new Dictionary<string, string[]> { ["Upper"] = ["Lower"], ["Lower"] = [] });

    [Fact]
    public void Dependencies_point_one_way_in_the_built_library()
    {
        using var library = new AssemblyContents(s_library);

        Assert.Contains(library.Mentions, mention => mention is { From.Namespace: "CustomProto.Bpf", To.Namespace: "CustomProto.Native" });
        AssertNone(DependencyRules.Library.Violations(library.Mentions));
    }

    /// <summary>Constants and documentation leave no trace in the built library, but their namespaces have to be named in the source.</summary>
    [Fact]
    public void Dependencies_point_one_way_in_the_source()
    {
        var rules = DependencyRules.Library;
        var violations = Repository.Sources("src/CustomProto", ".cs").SelectMany(
            file => UsedNamespaces().Matches(File.ReadAllText(file)),
            (file, match) => (File: file, Problem: rules.Judge(AreaOf(file), rules.Area(match.Groups["name"].Value))));

        AssertNone(violations.Where(violation => violation.Problem is not null).Select(violation => $"{Repository.Relative(violation.File)}: {violation.Problem}"));
    }

    [Fact]
    public void A_file_is_in_the_namespace_of_its_folder() => AssertNone(Repository.Sources("src/CustomProto", ".cs")
        .Where(file => Namespace().Match(File.ReadAllText(file)).Groups["name"].Value != $"CustomProto.{AreaOf(file)}".TrimEnd('.'))
        .Select(Repository.Relative));

    [Fact]
    public void An_exception_to_the_rules_that_nothing_needs_any_more_is_taken_out()
    {
        using var library = new AssemblyContents(s_library);
        var used = library.Mentions.Select(mention => (DependencyRules.Library.Area(mention.From.Namespace)!, DependencyRules.Library.Area(mention.To.Namespace)!)).ToHashSet();

        Assert.DoesNotContain(DependencyRules.Exceptions, exception => !used.Contains(exception));
    }

    /// <summary>Each type of the lower area breaks the rule in a way of its own, which its name says.</summary>
    public static TheoryData<string> WaysToBreakTheRule => [.. typeof(DependencyTests).Assembly.GetTypes()
        .Where(type => type.Namespace == $"{SyntheticRoot}.Lower" && !type.IsNested && type.Name != nameof(Synthetic.Lower.Innocent))
        .Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(WaysToBreakTheRule))]
    public void A_dependency_the_other_way_is_found(string type)
    {
        using var tests = new AssemblyContents(typeof(DependencyTests).Assembly.Location);

        Assert.Contains(
            s_synthetic.Violations(tests.Mentions),
            violation => violation.StartsWith($"{SyntheticRoot}.Lower.{type} uses {SyntheticRoot}.Upper.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_dependency_the_right_way_is_none()
    {
        using var tests = new AssemblyContents(typeof(DependencyTests).Assembly.Location);

        Assert.DoesNotContain(
            s_synthetic.Violations(tests.Mentions),
            violation => violation.Contains(nameof(Synthetic.Lower.Innocent), StringComparison.Ordinal) || violation.StartsWith($"{SyntheticRoot}.Upper.", StringComparison.Ordinal));
    }

    [Fact]
    public void The_root_uses_no_area_and_an_area_has_to_be_known()
    {
        Assert.Equal($"{SyntheticRoot} may not use Lower", s_synthetic.Judge("", "Lower"));
        Assert.Null(s_synthetic.Judge("Lower", ""));
        Assert.Equal("Other is not an area that DependencyRules knows", s_synthetic.Judge("Upper", "Other"));
        Assert.Equal("Other is not an area that DependencyRules knows", s_synthetic.Judge("Other", "Lower"));
    }

    [Fact]
    public void Native_functions_are_imported_in_one_place()
    {
        using var library = new AssemblyContents(s_library);

        Assert.NotEmpty(library.ImportingTypes);
        Assert.All(library.ImportingTypes, type => Assert.Equal("CustomProto.Native", type.Namespace));
    }

    [Fact]
    public void An_import_elsewhere_is_found()
    {
        using var tests = new AssemblyContents(typeof(DependencyTests).Assembly.Location);

        Assert.Contains(new TypeName($"{SyntheticRoot}.Upper", nameof(Synthetic.Upper.Importing)), tests.ImportingTypes);
        Assert.True(tests.AllowsUnsafeCode);
    }

    [Fact]
    public void The_library_needs_the_base_library_and_nothing_else()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        using var library = new AssemblyContents(s_library);

        Assert.All(library.References, name => Assert.True(File.Exists(Path.Combine(framework, $"{name}.dll")), $"{name} is not part of .NET."));
        Assert.DoesNotContain("PackageReference", File.ReadAllText(Repository.Locate("src", "CustomProto", "CustomProto.csproj")), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_tests_see_what_is_internal() => Assert.All(
        typeof(CustomProtoException).Assembly.GetCustomAttributes(typeof(System.Runtime.CompilerServices.InternalsVisibleToAttribute), false)
            .Cast<System.Runtime.CompilerServices.InternalsVisibleToAttribute>(),
        friend => Assert.Matches(@"^CustomProto\.([\w.]*Tests|Benchmarks)$", friend.AssemblyName));

    internal static void AssertNone(IEnumerable<string> problems)
    {
        var all = problems.ToArray();
        Assert.True(all.Length == 0, string.Join('\n', all));
    }

    static string AreaOf(string file) => Path.GetRelativePath(Repository.Locate("src", "CustomProto"), file).Split('/') is [var folder, _, ..] ? folder : "";

    [GeneratedRegex(@"^\s*(global\s+)?using\s+(static\s+)?(\w+\s*=\s*)?(?<name>CustomProto[\w.]*)", RegexOptions.Multiline)]
    private static partial Regex UsedNamespaces();

    [GeneratedRegex(@"^namespace\s+(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}

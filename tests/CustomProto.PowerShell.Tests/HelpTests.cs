using System.Management.Automation;
using System.Management.Automation.Language;

namespace CustomProto.PowerShell.Tests;

/// <summary>The help that Get-Help shows, against the commands themselves.</summary>
public sealed class HelpTests : IDisposable
{
    readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Every_command_is_described() => ForEachCommand((command, help) =>
    {
        Assert.False(string.IsNullOrWhiteSpace(Text(help, "Synopsis")), command.Name);
        Assert.NotEqual(command.Definition.Trim(), Text(help, "Synopsis").Trim());
        Assert.False(string.IsNullOrWhiteSpace(Joined(help, "description")), command.Name);
        Assert.NotEmpty(Items(Property(help, "returnValues"), "returnValue"));
        Assert.Contains("about_CustomProto", Items(Property(help, "relatedLinks"), "navigationLink").Select(link => Text(link, "linkText")));
    });

    [Fact]
    public void Every_parameter_is_described_and_no_other() => ForEachCommand((command, help) =>
    {
        var described = Items(Property(help, "parameters"), "parameter");

        Assert.Equal(Parameters(command), described.Select(parameter => Text(parameter, "name")).Order(StringComparer.Ordinal));
        Assert.All(described, parameter => Assert.False(string.IsNullOrWhiteSpace(Joined(parameter, "description")), Text(parameter, "name")));
    });

    [Fact]
    public void Syntax_is_that_of_the_command() => ForEachCommand((command, help) =>
    {
        var shown = Items(Property(help, "syntax"), "syntaxItem").Select(item =>
            string.Join(' ', Items(item, "parameter").Select(parameter => Text(parameter, "name")).Order(StringComparer.Ordinal)));
        var real = command.ParameterSets.Select(set =>
            string.Join(' ', set.Parameters.Select(parameter => parameter.Name).Where(IsOwn).Order(StringComparer.Ordinal)));

        Assert.Equal(real.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Every_command_has_two_examples_that_use_what_there_is() => ForEachCommand((command, help) =>
    {
        var examples = Items(Property(help, "examples"), "example");

        Assert.True(examples.Count >= 2, $"{command.Name} has {examples.Count} examples");
        Assert.All(examples, example =>
        {
            Assert.False(string.IsNullOrWhiteSpace(Joined(example, "remarks")), $"{command.Name}: {Text(example, "title")}");
            AssertUsesWhatThereIs(Text(example, "code"));
        });
    });

    [Fact]
    public void About_topic_is_there()
    {
        var text = _shell.Run("Get-Help about_CustomProto").WithoutErrors().Text;

        Assert.Contains("0xCAFE", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd('\r').Length <= 80, line));
    }

    void ForEachCommand(Action<CmdletInfo, PSObject> check)
    {
        foreach (var command in _shell.Run("(Get-Module CustomProto).ExportedCmdlets.Values").All<CmdletInfo>())
        {
            check(command, Assert.Single(_shell.Run("Get-Help -Full $args[0].Name", command).WithoutErrors().Output));
        }
    }

    /// <summary>An example parses, and the module's commands in it have the parameters that it gives.</summary>
    void AssertUsesWhatThereIs(string code)
    {
        var script = Parser.ParseInput(code, out _, out var errors);
        Assert.True(errors.Length == 0, code);
        foreach (var used in script.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>())
        {
            var command = _shell.Run("Get-Command $args[0]", used.GetCommandName()).WithoutErrors().Single<CommandInfo>();
            foreach (var parameter in used.CommandElements.OfType<CommandParameterAst>())
            {
                Assert.True(command.Parameters.ContainsKey(parameter.ParameterName), parameter.Extent.Text);
            }
        }
    }

    static IEnumerable<string> Parameters(CmdletInfo command) => command.Parameters.Keys.Where(IsOwn).Order(StringComparer.Ordinal);

    static bool IsOwn(string parameter) => !Cmdlet.CommonParameters.Contains(parameter);

    static PSObject? Property(PSObject? item, string name) => item?.Properties[name]?.Value is { } value ? PSObject.AsPSObject(value) : null;

    static string Text(PSObject item, string name) => Property(item, name)?.ToString() ?? "";

    static string Joined(PSObject item, string name) => string.Join(' ', Flatten(Property(item, name)).Select(paragraph => Text(paragraph, "Text")));

    static List<PSObject> Items(PSObject? list, string name) => [.. Flatten(Property(list, name))];

    static IEnumerable<PSObject> Flatten(PSObject? value) => value switch
    {
        null => [],
        { BaseObject: System.Collections.IEnumerable many and not string } => many.Cast<object>().Select(PSObject.AsPSObject),
        _ => [value],
    };
}

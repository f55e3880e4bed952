using CustomProto.Programs;

namespace CustomProto.Tests.Programs;

public sealed class ClangCompilerTests : IDisposable
{
    const string Right = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nSEC(\"xdp\") int f(struct xdp_md *ctx) { return XDP_PASS; }\n";

    readonly string _folder = Directory.CreateTempSubdirectory("cp-clang-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_source_becomes_an_object_beside_it()
    {
        var result = Compile(Right);

        Assert.Empty(result.Diagnostics);
        Assert.Equal(Path.Combine(_folder, "my.bpf.o"), result.OutputPath);
        Assert.Equal("f", ObjectFile.Read(result.OutputPath!).ChooseProgram().Name);
    }

    [Fact]
    public void Errors_have_file_line_and_column_and_leave_no_object()
    {
        var result = Compile("int f(void)\n{\n\treturn nothing;\n}\n");

        Assert.Null(result.OutputPath);
        Assert.False(File.Exists(Path.Combine(_folder, "my.bpf.o")));
        var error = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Error, Path.Combine(_folder, "my.bpf.c"), 3, 9), (error.Severity, error.File, error.Line, error.Column));
        Assert.Equal("use of undeclared identifier 'nothing'", error.Message);
    }

    [Theory]
    [InlineData("a:b.c")]
    [InlineData("a:7: b.c")]
    [InlineData("a;$(x) 'b' \"c\".c")]
    public void Errors_have_their_place_whatever_the_file_is_called(string name)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, "int f(void)\n{\n\treturn nothing;\n}\n");

        var error = Assert.Single(ClangCompiler.Compile(new CompileOptions { SourcePath = path }).Diagnostics);

        Assert.Equal((path, 3, 9, "use of undeclared identifier 'nothing'"), (error.File, error.Line, error.Column, error.Message));
    }

    [Fact]
    public void Warnings_have_their_switch_and_there_is_an_object()
    {
        var result = Compile("int f(void)\n{\n\tint unused;\n\treturn 0;\n}\n");

        Assert.NotNull(result.OutputPath);
        var warning = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Warning, 3, "-Wunused-variable"), (warning.Severity, warning.Line, warning.Flag));
    }

    [Fact]
    public void Macros_and_include_paths_reach_the_compiler_as_they_are()
    {
        var headers = Directory.CreateDirectory(Path.Combine(_folder, "with space; touch injected"));
        File.WriteAllText(Path.Combine(headers.FullName, "mine.h"), "#define RESULT VALUE\n");
        var result = Compile(
            "#include <mine.h>\n_Static_assert(FLAG == 1, \"\");\nconst char text[] = TEXT;\nint f(void) { return RESULT; }\n",
            new Dictionary<string, string?> { ["VALUE"] = "7", ["FLAG"] = null, ["TEXT"] = "\"; touch injected; $(touch injected)\"" },
            headers.FullName);

        Assert.Empty(result.Diagnostics);
        Assert.NotNull(result.OutputPath);
        Assert.Empty(Directory.EnumerateFiles(_folder, "injected", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("-fplugin=x.so")]
    [InlineData("A=1 -B")]
    [InlineData("1A")]
    [InlineData("")]
    public void What_is_no_name_is_no_macro(string name)
    {
        var refusal = Assert.Throws<CustomProtoException>(() => Compile(Right, new Dictionary<string, string?> { [name] = "1" }));

        Assert.Equal("InvalidDefine", refusal.ErrorId);
    }

    [Fact]
    public void A_file_name_that_looks_like_a_switch_is_a_file()
    {
        var path = Path.Combine(_folder, "-v.bpf.c");
        File.WriteAllText(path, Right);

        var result = ClangCompiler.Compile(new CompileOptions { SourcePath = path });

        Assert.Equal(Path.Combine(_folder, "-v.bpf.o"), result.OutputPath);
    }

    [Fact]
    public void A_missing_header_says_where_it_comes_from()
    {
        Assert.Equal("Name the folder that has it with -IncludePath.", Assert.Single(Compile("#include \"nowhere.h\"\n").Diagnostics).Hint);
        Assert.Contains("libbpf-dev", ClangCompiler.Parse("/x/my.c:2:10: fatal error: 'bpf/bpf_helpers.h' file not found\n")[0].Hint, StringComparison.Ordinal);
        Assert.Contains("bpftool btf dump", ClangCompiler.Parse("/x/my.c:2:10: fatal error: 'vmlinux.h' file not found\n")[0].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_can_not_be_written_names_the_parameter()
    {
        var path = Path.Combine(_folder, "my.c");
        File.WriteAllText(path, Right);
        var output = Path.Combine(_folder, "nowhere", "my.o");

        var diagnostic = Assert.Single(ClangCompiler.Compile(new CompileOptions { SourcePath = path, OutputPath = output }).Diagnostics);

        Assert.Contains(output, diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("-OutputPath", diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_that_is_not_there_and_an_output_over_the_source_are_refused()
    {
        Assert.Equal("SourceFileNotFound", Assert.Throws<CustomProtoException>(() => ClangCompiler.Compile(new CompileOptions { SourcePath = Path.Combine(_folder, "no.c") })).ErrorId);
        var path = Path.Combine(_folder, "my.c");
        File.WriteAllText(path, Right);
        Assert.Equal("InvalidOutputPath", Assert.Throws<CustomProtoException>(() => ClangCompiler.Compile(new CompileOptions { SourcePath = path, OutputPath = path })).ErrorId);
        Assert.Equal(Right, File.ReadAllText(path));
    }

    [Fact]
    public void Cancelling_ends_it()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var path = Path.Combine(_folder, "my.c");
        File.WriteAllText(path, Right);

        Assert.Throws<OperationCanceledException>(() => ClangCompiler.Compile(new CompileOptions { SourcePath = path }, stop.Token));
    }

    [Fact]
    public void What_clang_says_is_read_line_by_line()
    {
        var diagnostics = ClangCompiler.Parse(
            """
            In file included from /x/my.c:1:
            /x/my.h:4:5: warning: unused variable 'a' [-Wunused-variable]
            /x/my.c:7:1: error: too bad: really
            /x/my.c:6:2: note: it began here
            clang: error: no such file or directory: 'y'
            error: unable to open output file '/z': 'No such file or directory'
            1 warning and 3 errors generated.
            """);

        Assert.Equal(
            [
                "/x/my.h:4:5: warning: unused variable 'a' [-Wunused-variable]",
                "/x/my.c:7:1: error: too bad: really",
                "/x/my.c:6:2: note: it began here",
                "error: no such file or directory: 'y'",
                "error: unable to open output file '/z': 'No such file or directory'",
            ],
            diagnostics.Select(diagnostic => diagnostic.ToString()));
    }

    CompileResult Compile(string source, Dictionary<string, string?>? defines = null, params string[] includes)
    {
        var path = Path.Combine(_folder, "my.bpf.c");
        File.WriteAllText(path, source);
        return ClangCompiler.Compile(new CompileOptions { SourcePath = path, Defines = defines ?? [], IncludePaths = includes });
    }
}

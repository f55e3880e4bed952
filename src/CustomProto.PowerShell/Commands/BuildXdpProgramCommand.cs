using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <summary>Compiles C source to BPF object files with clang.</summary>
[Cmdlet("Build", "XdpProgram", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class BuildXdpProgramCommand : CustomProtoCommand
{
    readonly HashSet<string> _written = [];

    /// <summary>The C source files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The object file, or the folder for it.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>More folders with headers.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Macros by name.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Define { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            if (Attempt(() => Options(path), path, out var options)
                && ShouldProcess(options.SourcePath, $"Compile to {options.OutputPath}")
                && Attempt(() => ClangCompiler.Compile(options, StopToken), path, out var result))
            {
                Report(result);
            }
        }
    }

    void Report(CompileResult result)
    {
        foreach (var diagnostic in result.Diagnostics)
        {
            switch (diagnostic.Severity)
            {
                case DiagnosticSeverity.Error:
                    WriteError(ErrorRecords.From(new CustomProtoException(
                        FailureKind.InvalidData, "CompilationFailed", diagnostic.ToString(), diagnostic.Hint, diagnostic)));
                    break;
                case DiagnosticSeverity.Warning:
                    WriteWarning(diagnostic.ToString());
                    break;
                default:
                    WriteVerbose(diagnostic.ToString());
                    break;
            }
        }

        if (result.OutputPath is { } output)
        {
            WriteObject(new FileInfo(output));
        }
    }

    CompileOptions Options(string path)
    {
        var source = FilePathOf(path);
        var output = OutputPath is null ? System.IO.Path.ChangeExtension(source, ".o") : FilePathOf(OutputPath);
        if (Directory.Exists(output))
        {
            output = System.IO.Path.Combine(output, System.IO.Path.ChangeExtension(System.IO.Path.GetFileName(source), ".o"));
        }

        if (!_written.Add(output))
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "InvalidOutputPath", $"Two sources would be compiled to '{output}'.", "Give a folder as -OutputPath.", path);
        }

        return new CompileOptions
        {
            SourcePath = source,
            OutputPath = output,
            IncludePaths = [.. IncludePath.Select(FilePathOf), .. ModuleHeaders()],
            Defines = Define.Cast<DictionaryEntry>().ToDictionary(entry => Text(entry.Key) ?? "", entry => Value(entry.Value)),
        };
    }

    /// <summary>The headers that the module brings: the protocol's wire format and a parser for it.</summary>
    IEnumerable<string> ModuleHeaders() =>
        MyInvocation.MyCommand.Module?.ModuleBase is { } folder && System.IO.Path.Combine(folder, "include") is var headers && Directory.Exists(headers) ? [headers] : [];

    /// <summary>A switch stands for a macro that is only there; numbers and texts become what they look like.</summary>
    static string? Value(object? value) => value is PSObject wrapped
        ? Value(wrapped.BaseObject)
        : value switch
        {
            null => null,
            bool flag => flag ? "1" : "0",
            _ => Text(value),
        };

    static string? Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture);
}

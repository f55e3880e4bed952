namespace CustomProto.Programs;

/// <summary>What is to be compiled, and how.</summary>
public sealed record CompileOptions
{
    /// <summary>The C source file.</summary>
    public required string SourcePath { get; init; }

    /// <summary>Where the object file goes; without it, beside the source, with the extension <c>.o</c>.</summary>
    public string? OutputPath { get; init; }

    /// <summary>More folders with headers. Those of the system and of libbpf are found by themselves.</summary>
    public IReadOnlyList<string> IncludePaths { get; init; } = [];

    /// <summary>Macros by name; one without a value is 1.</summary>
    public IReadOnlyDictionary<string, string?> Defines { get; init; } = new Dictionary<string, string?>();
}

/// <summary>What came of compiling.</summary>
/// <param name="OutputPath">The object file; <see langword="null"/> if there were errors.</param>
/// <param name="Diagnostics">What the compiler said.</param>
public sealed record CompileResult(string? OutputPath, IReadOnlyList<CompilerDiagnostic> Diagnostics);

using System.Globalization;

namespace CustomProto.Programs;

/// <summary>How bad something is that a compiler says.</summary>
public enum DiagnosticSeverity
{
    /// <summary>It belongs to what was said before.</summary>
    Note,

    /// <summary>The object file was made all the same.</summary>
    Warning,

    /// <summary>No object file was made.</summary>
    Error,
}

/// <summary>Something that a compiler says about a place in a source file.</summary>
public sealed record CompilerDiagnostic
{
    /// <summary>How bad it is.</summary>
    public required DiagnosticSeverity Severity { get; init; }

    /// <summary>What is said.</summary>
    public required string Message { get; init; }

    /// <summary>The source file; <see langword="null"/> where it is about no place.</summary>
    public string? File { get; init; }

    /// <summary>The line, from 1; 0 where it is about no place.</summary>
    public int Line { get; init; }

    /// <summary>The column, from 1; 0 where it is about no place.</summary>
    public int Column { get; init; }

    /// <summary>The switch of a warning, such as <c>-Wunused-variable</c>.</summary>
    public string? Flag { get; init; }

    /// <summary>What the user can do, where this library knows.</summary>
    public string? Hint { get; init; }

    /// <summary>The line as clang writes it.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Line == 0 ? $"{File}: " : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: ");
        return $"{place}{Severity.ToString().ToLowerInvariant()}: {Message}{(Flag is null ? "" : $" [{Flag}]")}";
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CustomProto.Programs;

/// <summary>
/// Compiles a C file to a BPF object file with clang, with what loading needs: <c>-target bpf -O2 -g</c>. No shell is involved: every
/// argument reaches clang as it is.
/// </summary>
public static partial class ClangCompiler
{
    const string Clang = "clang";

    /// <summary>Compiles a file.</summary>
    /// <param name="options">What and how.</param>
    /// <param name="cancellation">Ends clang.</param>
    /// <exception cref="CustomProtoException">
    /// There is no clang (ClangNotInstalled), no source file (SourceFileNotFound), or a macro's name is none (InvalidDefine). What clang finds wrong is in the result.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; clang has ended.</exception>
    public static CompileResult Compile(CompileOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = Path.GetFullPath(options.SourcePath);
        if (!File.Exists(source))
        {
            throw new CustomProtoException(
                FailureKind.NotFound,
                "SourceFileNotFound",
                Directory.Exists(source) ? $"'{options.SourcePath}' is a folder, not a file." : $"There is no file '{options.SourcePath}'.",
                "Name a C source file.",
                options.SourcePath);
        }

        var output = Path.GetFullPath(options.OutputPath ?? Path.ChangeExtension(source, ".o"));
        if (output == source)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "InvalidOutputPath", $"The object file would overwrite its source '{options.SourcePath}'.", "Give another -OutputPath.", output);
        }

        var (exitCode, text) = Run(Arguments(options, source, output), cancellation);
        var diagnostics = Parse(text);
        if (exitCode != 0 && !diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error))
        {
            diagnostics.Add(new CompilerDiagnostic
            {
                Severity = DiagnosticSeverity.Error,
                File = source,
                Message = string.Create(CultureInfo.InvariantCulture, $"clang ended with {exitCode}: {text.Trim()}"),
            });
        }

        return new CompileResult(exitCode == 0 ? output : null, diagnostics);
    }

    /// <summary>The arguments for clang.</summary>
    internal static IReadOnlyList<string> Arguments(CompileOptions options, string source, string output)
    {
        // v3 has the atomic operations (Linux 5.12), which is what the module's own programs are compiled for.
        var arguments = new List<string> { "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-fno-color-diagnostics", "-fno-caret-diagnostics" };
        arguments.AddRange(options.IncludePaths.Select(path => $"-I{Path.GetFullPath(path)}"));
        foreach (var (name, value) in options.Defines)
        {
            if (!MacroName().IsMatch(name))
            {
                throw new CustomProtoException(
                    FailureKind.InvalidArgument, "InvalidDefine", $"'{name}' can't be the name of a macro.", "A name has letters, digits and underscores, and no digit first.", name);
            }

            arguments.Add(value is null ? $"-D{name}" : $"-D{name}={value}");
        }

        if (TargetArchitecture is { } architecture)
        {
            arguments.Add($"-D__TARGET_ARCH_{architecture}");
        }

        if (Directory.Exists(MachineIncludePath))
        {
            // After the compiler's own, as headers of the same name in them come first.
            arguments.Add($"-idirafter{MachineIncludePath}");
        }

        arguments.AddRange(["-c", "-o", output, "--", source]);
        return arguments;
    }

    /// <summary>What libbpf's headers call this machine.</summary>
    static string? TargetArchitecture => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 or Architecture.X86 => "x86",
        Architecture.Arm64 => "arm64",
        Architecture.Arm => "arm",
        Architecture.S390x => "s390",
        Architecture.Ppc64le => "powerpc",
        Architecture.RiscV64 => "riscv",
        _ => null,
    };

    /// <summary>Where Debian keeps headers by machine (asm/types.h), and clang -target bpf doesn't look.</summary>
    static string MachineIncludePath => $"/usr/include/{RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        Architecture.Ppc64le => "powerpc64le",
        var other => other.ToString().ToLowerInvariant(),
    }}-linux-gnu";

    /// <summary>Reads what clang wrote.</summary>
    internal static List<CompilerDiagnostic> Parse(string text)
    {
        var diagnostics = new List<CompilerDiagnostic>();
        foreach (var line in text.Split('\n'))
        {
            var match = DiagnosticLine().Match(line);
            if (match.Success)
            {
                var message = match.Groups["message"].Value;
                diagnostics.Add(new CompilerDiagnostic
                {
                    Severity = match.Groups["severity"].Value switch { "warning" => DiagnosticSeverity.Warning, "note" => DiagnosticSeverity.Note, _ => DiagnosticSeverity.Error },
                    File = match.Groups["file"] is { Success: true } file ? file.Value : null,
                    Line = Number(match.Groups["line"]),
                    Column = Number(match.Groups["column"]),
                    Message = message,
                    Flag = match.Groups["flag"] is { Success: true } flag ? flag.Value : null,
                    Hint = Remedy(message),
                });
            }
        }

        return diagnostics;
    }

    static int Number(Group group) => group.Success && int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    static string? Remedy(string message)
    {
        if (message.StartsWith("unable to open output file ", StringComparison.Ordinal))
        {
            return "Name a file in a folder that is there and may be written to with -OutputPath.";
        }

        if (!message.EndsWith("' file not found", StringComparison.Ordinal))
        {
            return null;
        }

        return message.StartsWith("'bpf/", StringComparison.Ordinal)
            ? "Install libbpf's headers (Debian and Ubuntu: apt-get install libbpf-dev; Fedora: dnf install libbpf-devel)."
            : message.StartsWith("'vmlinux.h'", StringComparison.Ordinal)
                ? "Make it: bpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h"
                : "Name the folder that has it with -IncludePath.";
    }

    static (int ExitCode, string Text) Run(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(FindClang(), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // Messages are read, so they come in English.
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var clang = Start(start);
        clang.StandardInput.Close();
        using var stop = cancellation.Register(() => End(clang));
        var output = clang.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var text = clang.StandardError.ReadToEnd();
        clang.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return (clang.ExitCode, text + output.Result);
    }

    /// <summary>
    /// The compiler, from PATH alone: a name without a folder would first be looked for in the current one, where anybody may have put a
    /// program of that name.
    /// </summary>
    static string FindClang() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Where(Path.IsPathRooted)
        .Select(folder => Path.Combine(folder, Clang))
        .FirstOrDefault(IsExecutable) ?? throw NotInstalled("no folder of PATH has it", null);

    static bool IsExecutable(string path) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    static CustomProtoException NotInstalled(string problem, Exception? cause) => new(
        FailureKind.NotInstalled,
        "ClangNotInstalled",
        $"Cannot run the compiler '{Clang}': {problem}.",
        "Install it (Debian and Ubuntu: apt-get install clang libbpf-dev; Fedora: dnf install clang libbpf-devel).",
        Clang,
        cause);

    static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw NotInstalled(exception.Message.TrimEnd('.'), exception);
        }
    }

    static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in the meantime.
        }
    }

    /// <summary>Names of files may have colons, so a place ends where the severity follows; what begins with one has no place.</summary>
    [GeneratedRegex(@"^(?:clang(?:-\d+)?: |(?!(?:fatal error|error|warning|note): )(?<file>.+?):(?:(?<line>\d+):(?:(?<column>\d+):)?)? )?(?<severity>fatal error|error|warning|note): (?<message>.*?)(?: \[(?<flag>-[^\]]*)\])?\r?$")]
    private static partial Regex DiagnosticLine();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex MacroName();
}

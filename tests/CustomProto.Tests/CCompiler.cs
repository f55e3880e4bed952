using System.ComponentModel;
using System.Diagnostics;

namespace CustomProto.Tests;

/// <summary>The judge of what C headers say: the compiler that the build needs anyway.</summary>
static class CCompiler
{
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Has clang read a translation unit without compiling it.</summary>
    /// <returns>What it complains about; empty when all is right.</returns>
    internal static async Task<string> CheckAsync(string source, params string[] arguments)
    {
        var start = new ProcessStartInfo("clang", ["-fsyntax-only", "-ferror-limit=0", "-Werror", "-x", "c", .. arguments, "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Start(start);
        var complaints = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(source);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        var text = await complaints;
        return process.ExitCode == 0 || text.Length > 0 ? text : $"clang ended with {process.ExitCode}.";
    }

    static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException("clang is not installed; the build needs it too.", exception);
        }
    }
}

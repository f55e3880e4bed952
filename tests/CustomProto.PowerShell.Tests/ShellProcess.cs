using System.Diagnostics;
using System.Globalization;
using System.Text;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>A PowerShell process on a host of the test network; it imports the module and runs a script.</summary>
sealed class ShellProcess : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly Process _process;
    readonly Task<string> _errors;
    readonly StringBuilder _output = new();

    /// <summary>Starts it.</summary>
    /// <param name="network">The network.</param>
    /// <param name="host">The host.</param>
    /// <param name="script">The script.</param>
    /// <param name="wrapper">A command that changes something about itself and becomes the process, with its arguments.</param>
    /// <param name="environment">More variables of the environment.</param>
    internal ShellProcess(TestNetwork network, int host, string script, string[]? wrapper = null, (string Name, string Value)? environment = null)
    {
        // Whoever runs the tests in the background without job control has SIGINT ignored, and its children after it.
        string[] command =
        [
            "env", "--default-signal=INT", .. wrapper ?? [], Installation.Executable!, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command",
            $"$PSStyle.OutputRendering = 'PlainText'; Import-Module '{Installation.Module}'; {script}",
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (environment is { } variable)
        {
            start.Environment[variable.Name] = variable.Value;
        }

        _process = network.Run(host, () => Process.Start(start)!);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Reads until a line says something.</summary>
    /// <returns>That line.</returns>
    internal string ReadUntil(string text)
    {
        while (ReadLine() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The shell never said '{text}', but: {_output}{_errors.Result}");
    }

    /// <summary>Sends it a signal: INT is what Ctrl+C sends.</summary>
    internal void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Everything it printed, errors last.</returns>
    internal string Wait()
    {
        while (ReadLine() is not null)
        {
            // Kept by the reading.
        }

        Assert.True(_process.WaitForExit(s_patience));
        return $"{_output}{_errors.Result}";
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    string? ReadLine()
    {
        var reading = _process.StandardOutput.ReadLineAsync();
        if (!reading.Wait(s_patience))
        {
            throw new TimeoutException($"The shell says nothing any more, after: {_output}");
        }

        _output.AppendLine(reading.Result);
        return reading.Result;
    }
}

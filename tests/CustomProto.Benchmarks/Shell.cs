using System.Diagnostics;
using System.Globalization;
using CustomProto.KernelTests;

namespace CustomProto.Benchmarks;

/// <summary>A PowerShell process on a host, with the module imported, that runs one command after the other.</summary>
sealed class Shell : IDisposable
{
    /// <summary>Commands come as lines; with a command of <c>-</c> PowerShell would read them itself, but write to the terminal in between.</summary>
    const string Loop =
        """
        while ($null -ne ($line = [Console]::In.ReadLine())) {
            $command = [scriptblock]::Create($line)
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $figure = $null
            try { . $command | Out-Null; "took $($figure ?? $clock.Elapsed.TotalMilliseconds)" } catch { "failed: $_" }
        }
        """;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly Process _process;

    /// <summary>Starts it, and has it compile what every command needs.</summary>
    /// <param name="settings">Where PowerShell and the module are.</param>
    /// <param name="network">The network.</param>
    /// <param name="host">The host.</param>
    /// <param name="imports">Whether the module is imported.</param>
    internal Shell(Settings settings, TestNetwork network, int host, bool imports = true)
    {
        var start = new ProcessStartInfo(settings.PowerShell!, ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", Loop])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = network.Run(host, () => Process.Start(start)!);
        try
        {
            Measure("$ErrorActionPreference = 'Stop'; $WarningPreference = 'SilentlyContinue'");
            if (imports)
            {
                Measure($"Import-Module '{Path.GetFullPath(settings.Module)}'");
            }

            Measure("Get-Process -Id $PID");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The process's id.</summary>
    internal int ProcessId => _process.Id;

    /// <summary>Runs a command and throws its output away.</summary>
    /// <param name="command">The command, in a line.</param>
    /// <param name="patience">How long it may take.</param>
    /// <returns>How long it took in milliseconds, by the shell's own clock; or what the command put into the variable <c>figure</c>.</returns>
    internal double Measure(string command, TimeSpan? patience = null)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        while (Read(patience ?? s_patience) is { } line)
        {
            if (line.StartsWith("took ", StringComparison.Ordinal))
            {
                return double.Parse(line["took ".Length..], CultureInfo.InvariantCulture);
            }

            if (line.StartsWith("failed: ", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"{command}: {line}");
            }
        }

        throw new InvalidOperationException($"PowerShell ended in the middle of: {command}");
    }

    string? Read(TimeSpan patience)
    {
        var reading = _process.StandardOutput.ReadLineAsync();
        return reading.Wait(patience) ? reading.Result : throw new InvalidOperationException("PowerShell says nothing any more.");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_patience))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}

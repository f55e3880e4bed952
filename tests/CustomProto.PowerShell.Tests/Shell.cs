using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CustomProto.KernelTests;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>What a script wrote, stream by stream.</summary>
sealed record ShellResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose)
{
    /// <summary>The output's objects, which have to be of one type.</summary>
    internal IReadOnlyList<T> All<T>() => [.. Output.Select(one => Assert.IsType<T>(one.BaseObject, exactMatch: false))];

    /// <summary>The output's only object.</summary>
    internal T Single<T>() => Assert.Single(All<T>());

    /// <summary>The output, which has to be one string.</summary>
    internal string Text => Single<string>();

    /// <summary>The same, after a look that nothing was said about errors.</summary>
    internal ShellResult WithoutErrors()
    {
        Assert.True(Errors.Count == 0, string.Join("\n", Errors.Select(error => error.Exception.ToString())));
        return this;
    }
}

/// <summary>
/// A PowerShell in this process that has imported the module. Its commands run on the thread of a host of the test network, and so in
/// that host's network namespace.
/// </summary>
sealed class Shell : IDisposable
{
    readonly TestNetwork? _network;
    readonly int _host;
    readonly Runspace _runspace;
    System.Management.Automation.PowerShell? _running;

    /// <summary>Opens a shell.</summary>
    /// <param name="network">The network; without it, commands run where this process is, and have to leave it alone.</param>
    /// <param name="host">The host.</param>
    internal Shell(TestNetwork? network = null, int host = TestNetwork.Right)
    {
        _network = network;
        _host = host;
        var state = InitialSessionState.CreateDefault2();
        state.ImportPSModule([Installation.Module]);
        state.Variables.Add(new SessionStateVariableEntry("ConfirmPreference", ConfirmImpact.None, ""));
        state.ThrowOnRunspaceOpenError = true;
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        _runspace.Open();
        Run("$PSStyle.OutputRendering = 'PlainText'");
    }

    /// <summary>Runs a script inside the host; arguments are its <c>$args</c>.</summary>
    internal ShellResult Run(string script, params object[] arguments) =>
        _network is null ? Invoke(script, arguments) : _network.Run(_host, () => Invoke(script, arguments));

    /// <summary>Like <see cref="Run"/>, without waiting.</summary>
    internal Task<ShellResult> Start(string script, params object[] arguments) => _network!.Start(_host, () => Invoke(script, arguments));

    /// <summary>Runs a script that shows progress.</summary>
    internal IReadOnlyList<ProgressRecord> Progress(string script)
    {
        Run(script).WithoutErrors();
        return [.. _running!.Streams.Progress];
    }

    /// <summary>What Ctrl+C does: stops what runs.</summary>
    internal void Stop() => _running!.Stop();

    /// <summary>Runs a script that has to end with one error, terminating or not.</summary>
    internal ErrorRecord Fail(string script, params object[] arguments)
    {
        try
        {
            return Assert.Single(Run(script, arguments).Errors);
        }
        catch (RuntimeException exception)
        {
            return exception.ErrorRecord;
        }
    }

    public void Dispose()
    {
        // Programs are the process's, not the runspace's.
        Receivers.CloseAll();
        UserPrograms.CloseAll();
        _running?.Dispose();
        _runspace.Dispose();
    }

    ShellResult Invoke(string script, object[] arguments)
    {
        // The one before lives until here: whoever stopped it may still be about it when it has ended.
        _running?.Dispose();
        var shell = _running = System.Management.Automation.PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
        {
            shell.AddArgument(argument);
        }

        PSDataCollection<PSObject> output = [];
        try
        {
            shell.Invoke(null, output);
        }
        catch (PipelineStoppedException)
        {
            // As at the prompt: what came before stands.
        }

        return new ShellResult(
            [.. output],
            [.. shell.Streams.Error],
            [.. shell.Streams.Warning.Select(record => record.Message)],
            [.. shell.Streams.Verbose.Select(record => record.Message)]);
    }
}

using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using Microsoft.PowerShell.Commands;

namespace CustomProto.PowerShell;

/// <summary>
/// What all cmdlets have in common: Ctrl+C cancels <see cref="StopToken"/>, failures of the library become error records, and what a
/// cmdlet opened it closes in <see cref="Dispose(bool)"/>, which runs however the pipeline ends.
/// </summary>
public abstract class CustomProtoCommand : PSCmdlet, IDisposable
{
    // Never disposed of: StopProcessing may come at the same time, and without a timer there is nothing to give back.
    readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled when the pipeline is stopped.</summary>
    protected CancellationToken StopToken => _stop.Token;

    /// <summary>Closes what the cmdlet opened.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (!OperatingSystem.IsLinux())
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.Unsupported, "LinuxOnly", "CustomProto needs the Linux kernel: XDP and eBPF are part of it.", "Run it in PowerShell on Linux.")));
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Closes what the cmdlet opened.</summary>
    /// <param name="disposing">Always <see langword="true"/>: nothing here has a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>
    /// Asks the library for something. A failure becomes a non-terminating error, so that the pipeline goes on; being stopped is silent.
    /// </summary>
    /// <param name="question">The question: nothing that writes to the pipeline, whose own exceptions have to pass.</param>
    /// <param name="target">What the user gave that the question is about.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>Whether there is an answer.</returns>
    private protected bool Attempt<T>(Func<T> question, object? target, out T answer)
    {
        ErrorRecord record;
        try
        {
            answer = question();
            return true;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            answer = default!;
            return false;
        }
        catch (Exception exception) when (ErrorRecords.Covers(exception))
        {
            answer = default!;
            record = ErrorRecords.From(exception, target);
        }

        WriteError(record);
        return false;
    }

    /// <inheritdoc cref="Attempt{T}"/>
    private protected bool Attempt(Action action, object? target) => Attempt(
        () =>
        {
            action();
            return true;
        },
        target,
        out _);

    /// <summary>The path in the file system of what the user gave, which needn't be there.</summary>
    /// <exception cref="CustomProtoException">It is a path of another provider, such as that of environment variables (<see cref="FailureKind.InvalidArgument"/>).</exception>
    /// <exception cref="SessionStateException">There is no such drive.</exception>
    private protected string FilePathOf(string path)
    {
        var file = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        RequireFileSystem(path, provider);
        return file;
    }

    /// <summary>Throws for the path of another provider: what that calls it may be the name of a file, too.</summary>
    private protected static void RequireFileSystem(string path, ProviderInfo provider)
    {
        if (provider.Name != FileSystemProvider.ProviderName)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "PathNotOfFile", $"'{path}' is a path of the provider {provider.Name}, and not of a file.", "Give the path of a file.", path);
        }
    }

    /// <summary>
    /// Asks whether programs of somebody else may go. -Confirm:$false answers for scripts; nothing to ask about is a yes. A shell that can't
    /// ask anybody is an error, and a no.
    /// </summary>
    private protected bool ConfirmForeign(string kind, IEnumerable<uint> programs, string target, string verb)
    {
        var ids = string.Join(", ", programs.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        if (ids.Length == 0 || (MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm) && !((SwitchParameter)confirm).IsPresent))
        {
            return true;
        }

        var which = $"the {kind} program with id {ids} on '{target}', which this process didn't register";
        try
        {
            return ShouldContinue($"{verb} {which}?", $"A foreign {kind} program");
        }
        catch (Exception exception) when (exception is InvalidOperationException or HostException or NotImplementedException or NullReferenceException)
        {
            // The last is what the console's prompt throws at the end of its input (< /dev/null, cron).
            WriteError(ErrorRecords.From(new CustomProtoException(
                FailureKind.Busy,
                "ConfirmationNotPossible",
                $"Cannot {verb.ToLowerInvariant()} {which}: it needs a confirmation, and this shell can't ask for one.",
                "-Confirm:$false, beside -Force, answers for scripts.",
                target,
                exception)));
            return false;
        }
    }

    /// <summary>Writes a warning each.</summary>
    private protected void WriteWarnings(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            WriteWarning(text);
        }
    }
}

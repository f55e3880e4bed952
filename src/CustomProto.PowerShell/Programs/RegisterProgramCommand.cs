using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Completion;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>What commands that attach programs have in common: where to, for how long, and that what can't be announced doesn't stay.</summary>
public abstract class RegisterProgramCommand : CustomProtoCommand
{
    /// <summary>The interfaces.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[] Interface { get; set; } = [];

    /// <summary>Whether the program outlives this process.</summary>
    [Parameter]
    public SwitchParameter Persist { get; set; }

    /// <summary>
    /// Whether the user asks what would happen, of this command or of the function it is in: then the kernel judges a copy of the program
    /// that is attached to nothing.
    /// </summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var bound)
        ? (SwitchParameter)bound
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Interface)
        {
            if (Attempt(() => NetworkLinks.Get(name), name, out var link))
            {
                Register(link);
            }
        }
    }

    /// <summary>Attaches the program to an interface.</summary>
    private protected abstract void Register(NetworkLink link);

    /// <summary>With -WhatIf, says what the kernel thinks of the program.</summary>
    private protected void Verify(ReceiverOptions options)
    {
        if (IsWhatIf && Attempt(() => TestReceiver.Load(options), options.Interface, out var copy))
        {
            using (copy)
            {
                WriteObject(copy.Verification);
            }
        }
    }

    /// <summary>
    /// Says what there is to say of a program that was attached, and writes it. A user can have the command end with a warning; then nothing
    /// stays attached.
    /// </summary>
    private protected void Announce<TProgram>(string verbose, IEnumerable<string> notices, Func<TProgram> describe, string target, Action unregister)
        where TProgram : KernelProgram
    {
        TProgram? program = null;
        try
        {
            WriteVerbose(verbose);
            WriteWarnings(notices);
            Attempt(describe, target, out program);
        }
        finally
        {
            if (program is null)
            {
                unregister();
            }
        }

        if (program is not null)
        {
            WriteObject(program);
        }
    }
}

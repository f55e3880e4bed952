using System.Collections;
using System.Management.Automation;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <content>A program of the user's own instead of the protocol's.</content>
public sealed partial class RegisterXdpProgramCommand
{
    const string ObjectFileSet = "ObjectFile";

    ObjectFile? _file;

    /// <summary>The object file with the program.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ObjectFileSet)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The program's function.</summary>
    [Parameter(ParameterSetName = ObjectFileSet)]
    [ValidateNotNullOrEmpty]
    public string? ProgramName { get; set; }

    /// <summary>Initial values of global variables, by name.</summary>
    [Parameter(ParameterSetName = ObjectFileSet)]
    [ValidateNotNull]
    public Hashtable Variable { get; set; } = [];

    void RegisterObjectFile(string name)
    {
        if (!Attempt(() => NetworkLinks.Get(name), name, out var link)
            || !Attempt(() => UserOptions(link), name, out var options))
        {
            return;
        }

        if (!ShouldProcess($"{link.Name} (index {link.Index})", $"Attach the XDP program '{options.File.ChooseProgram(ProgramName).Name}' of '{Path}' ({Mode.ToString().ToLowerInvariant()})"))
        {
            Verify(options);
            return;
        }

        if ((!Force || ConfirmForeign(link.XdpAttachments, link.Name, "Replace")) && Attempt(() => UserProgram.Register(options), Path, out var registered))
        {
            Announce(registered);
        }
    }

    /// <summary>With -WhatIf, the kernel judges a copy of the program that is attached to nothing.</summary>
    void Verify(UserProgramOptions options)
    {
        if (MyInvocation.BoundParameters.ContainsKey("WhatIf") && Attempt(() => TestUserProgram.Load(options.File, options.ProgramName, options.Variables), Path, out var copy))
        {
            using (copy)
            {
                WriteWarnings(copy.Verification.Notices);
                WriteObject(copy.Verification);
            }
        }
    }

    /// <summary>Says what there is to say. A user can have the command end with a warning; then nothing stays attached.</summary>
    void Announce(UserProgram registered)
    {
        XdpProgram? program = null;
        try
        {
            WriteVerbose($"Program {registered.ProgramId} runs on {registered.Interface} in {registered.Mode.ToString().ToLowerInvariant()} mode.");
            WriteWarnings(registered.Notices);
            Attempt(() => Describe(registered.InterfaceIndex, registered.ProgramId), registered.Interface, out program);
        }
        finally
        {
            if (program is null)
            {
                registered.Unregister();
            }
        }

        if (program is not null)
        {
            WriteObject(program);
        }
    }

    UserProgramOptions UserOptions(NetworkLink link)
    {
        _file ??= ObjectFile.Read(GetUnresolvedProviderPathFromPSPath(Path));
        _file.ChooseProgram(ProgramName);
        return new UserProgramOptions
        {
            Interface = link.Name,
            File = _file,
            ProgramName = ProgramName,
            Variables = VariableValues.From(Variable),
            Mode = Mode,
            Persist = Persist,
            ForeignProgram = Way,
            ForeignProgramId = Seen(link),
        };
    }
}

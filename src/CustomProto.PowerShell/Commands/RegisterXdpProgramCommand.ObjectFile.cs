using System.Collections;
using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Parameters;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <content>A program of the user's own instead of the protocol's.</content>
public sealed partial class RegisterXdpProgramCommand
{
    const string ObjectFileSet = "ObjectFile";

    ObjectFile? _file;
    bool _isFileRefused;

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

    void RegisterObjectFile(NetworkLink link)
    {
        // What is wrong with the file is said once, however many interfaces there are.
        _isFileRefused = _isFileRefused || (_file is null && !Attempt(ReadFile, Path, out _file));
        if (_isFileRefused || !Attempt(() => UserOptions(link, _file!), Path, out var options))
        {
            return;
        }

        if (!ShouldProcess($"{link.Name} (index {link.Index})", $"Attach the XDP program '{options.File.ChooseProgram(ProgramName).Name}' of '{Path}' ({Mode.ToString().ToLowerInvariant()})"))
        {
            Verify(options);
        }
        else if (MayReplace(link) && Attempt(() => UserProgram.Register(options), Path, out var registered))
        {
            Announce(registered.ProgramId, registered.Interface, registered.InterfaceIndex, registered.Mode, registered.Notices, registered.Unregister);
        }
    }

    /// <summary>With -WhatIf, the kernel judges a copy of the program that is attached to nothing.</summary>
    void Verify(UserProgramOptions options)
    {
        if (IsWhatIf && Attempt(() => TestUserProgram.Load(options.File, options.ProgramName, options.Variables), Path, out var copy))
        {
            using (copy)
            {
                WriteWarnings(copy.Verification.Notices);
                WriteObject(copy.Verification);
            }
        }
    }

    ObjectFile ReadFile()
    {
        var file = ObjectFile.Read(FilePathOf(Path!));
        file.ChooseProgram(ProgramName);
        return file;
    }

    UserProgramOptions UserOptions(NetworkLink link, ObjectFile file) => new()
    {
        Interface = link.Name,
        File = file,
        ProgramName = ProgramName,
        Variables = VariableValues.From(Variable),
        Mode = Mode,
        Persist = Persist,
        ForeignProgram = Way,
        ForeignProgramId = Seen(link),
    };
}

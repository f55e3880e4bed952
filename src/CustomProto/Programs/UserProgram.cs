using System.Diagnostics;
using CustomProto.Bpf;
using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>
/// A program of a user's object file on an interface, attached by <see cref="Register"/>. Closing (<see cref="Dispose"/>) lets go of what
/// this process has, which ends an attachment of <see cref="ProgramLifetime.Process"/>; <see cref="Unregister"/> ends every attachment.
/// Safe to use from several threads.
/// </summary>
public sealed class UserProgram : IDisposable
{
    readonly Lock _lock = new();
    readonly BpfProgram _program;
    readonly AttachedProgram _attachment;
    bool _disposed;

    UserProgram(UserProgramOptions options, NetworkLink link, BpfProgram program, AttachedProgram attachment, XdpMode mode, IReadOnlyList<string> notices)
    {
        Path = options.File.Path;
        Name = program.Name;
        Interface = link.Name;
        InterfaceIndex = link.Index;
        ProgramId = program.Info.Id;
        Mode = mode;
        Notices = notices;
        _program = program;
        _attachment = attachment;
    }

    /// <summary>The object file it came from.</summary>
    public string Path { get; }

    /// <summary>The name of its function.</summary>
    public string Name { get; }

    /// <summary>The interface's name when it was registered.</summary>
    public string Interface { get; }

    /// <summary>The interface's index, in the network namespace it was registered in.</summary>
    public int InterfaceIndex { get; }

    /// <summary>The kernel's id of the program.</summary>
    public uint ProgramId { get; }

    /// <summary>Where the program runs.</summary>
    public XdpMode Mode { get; }

    /// <summary>What ends the attachment.</summary>
    public ProgramLifetime Lifetime => _attachment.Lifetime;

    /// <summary>What the user should know about how it was registered; one sentence or two each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>
    /// Loads a program and attaches it. Needs CAP_BPF and CAP_NET_ADMIN, and whatever capability the program's helpers ask for (CAP_PERFMON
    /// for <c>bpf_printk</c>).
    /// </summary>
    /// <exception cref="CustomProtoException">It isn't possible; nothing is left attached or loaded.</exception>
    public static UserProgram Register(UserProgramOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var link = NetworkLinks.Get(options.Interface);
        var chosen = options.File.ChooseProgram(options.ProgramName);
        var notices = new List<string>();
        var program = Load(options.File, chosen, options.Variables, notices);
        AttachedProgram? attachment = null;
        try
        {
            (attachment, var mode) = Attach(program, link, options, chosen, notices);
            if (options.Persist)
            {
                Pin(program, attachment);
            }

            var registered = new UserProgram(options, link, program, attachment, mode, notices);
            UserPrograms.Add(registered);
            return registered;
        }
        catch
        {
            try
            {
                attachment?.Detach();
            }
            finally
            {
                attachment?.Dispose();
                program.Dispose();
            }

            throw;
        }
    }

    /// <summary>Has the kernel verify and load a program without attaching it, and unloads it again. Needs CAP_BPF and CAP_NET_ADMIN.</summary>
    /// <exception cref="CustomProtoException">The kernel refuses it; the message says why, and at which source line.</exception>
    public static VerificationReport Verify(UserProgramOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var notices = new List<string>();
        var started = Stopwatch.GetTimestamp();
        using var program = Load(options.File, options.File.ChooseProgram(options.ProgramName), options.Variables, notices);
        var loadTime = Stopwatch.GetElapsedTime(started);
        return program.Info.ToReport(program.Name, loadTime) with { Notices = notices };
    }

    static (AttachedProgram Attachment, XdpMode Mode) Attach(
        BpfProgram program, NetworkLink link, UserProgramOptions options, ObjectProgram chosen, List<string> notices)
    {
        if (options.ForeignProgram != ForeignProgram.Keep && link.XdpAttachments.Count > 0)
        {
            return XdpTakeover.Take(program, link, options.ForeignProgram, options.ForeignProgramId, notices);
        }

        return XdpAttach.Attach(program, link, options.Mode, notices, chosen.TakesFragments);
    }

    static void Pin(BpfProgram program, AttachedProgram attachment)
    {
        var id = program.Info.Id;
        PinFolder.Create(UserPrograms.PinKind, id);
        try
        {
            program.Pin($"{PinFolder.Of(UserPrograms.PinKind, id)}/program");
            (attachment as XdpLink)?.Pin($"{PinFolder.Of(UserPrograms.PinKind, id)}/link");
        }
        catch
        {
            PinFolder.Remove(id);
            throw;
        }
    }

    /// <summary>Loads a program with its variables set. Of the others in the file, only those are loaded that it jumps to.</summary>
    internal static BpfProgram Load(ObjectFile file, ObjectProgram chosen, IReadOnlyDictionary<string, object?> variables, ICollection<string> notices)
    {
        using var loading = BpfObject.Open(System.IO.Path.GetFileNameWithoutExtension(file.Path), file.Contents.Bytes);
        VariableAssignment.Apply(file, loading.InitialValue, variables, notices);
        string[] needed = [chosen.Name, .. file.Contents.JumpTargets().Where(name => name != chosen.Name)];
        foreach (var program in file.Programs)
        {
            loading.SetAutoload(program.Name, needed.Contains(program.Name));
        }

        loading.Load(needed);
        return loading.TakeProgram(chosen.Name);
    }

    /// <summary>Ends the attachment, whatever its lifetime, removes its pins, and closes the program.</summary>
    /// <exception cref="NativeException">The kernel refuses; the program stays as it is.</exception>
    public void Unregister()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _attachment.Detach();
                PinFolder.Remove(ProgramId);
                Dispose();
            }
        }
    }

    /// <summary>Lets go of what this process has of the program.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                UserPrograms.Remove(this);
                _attachment.Dispose();
                _program.Dispose();
            }
        }
    }
}

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
    readonly LoadedUserProgram _loaded;
    readonly AttachedProgram _attachment;
    bool _disposed;

    UserProgram(UserProgramOptions options, NetworkLink link, LoadedUserProgram loaded, AttachedProgram attachment, XdpMode mode, IReadOnlyList<string> notices)
    {
        Options = options;
        Name = loaded.Program.Name;
        Interface = link.Name;
        InterfaceIndex = link.Index;
        ProgramId = loaded.Program.Info.Id;
        Mode = mode;
        Notices = notices;
        _loaded = loaded;
        _attachment = attachment;
    }

    /// <summary>The object file it came from.</summary>
    public string Path => Options.File.Path;

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

    /// <summary>What it was registered with.</summary>
    internal UserProgramOptions Options { get; }

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
        if (options.Persist)
        {
            // Before a foreign program is taken away for it.
            BpfFileSystem.RequireMounted();
        }

        var loaded = LoadedUserProgram.Load(options.File, chosen, options.Variables, isPrivate: false);
        List<string> notices = [.. loaded.Notices];
        AttachedProgram? attachment = null;
        try
        {
            (attachment, var mode) = Attach(loaded.Program, link, options, chosen, notices);
            if (options.Persist)
            {
                Pin(loaded, attachment);
            }

            var registered = new UserProgram(options, link, loaded, attachment, mode, notices);
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
                loaded.Dispose();
            }

            throw;
        }
    }

    static (AttachedProgram Attachment, XdpMode Mode) Attach(
        BpfProgram program, NetworkLink link, UserProgramOptions options, ObjectProgram chosen, List<string> notices)
    {
        if (options.ForeignProgram != ForeignProgram.Keep && link.XdpAttachments.Count > 0)
        {
            return XdpTakeover.Take(program, link, options.ForeignProgram, options.Mode, options.ForeignProgramId, notices, chosen.TakesFragments);
        }

        return XdpAttach.Attach(program, link, options.Mode, notices, chosen.TakesFragments);
    }

    static void Pin(LoadedUserProgram loaded, AttachedProgram attachment)
    {
        var id = loaded.Program.Info.Id;
        PinFolder.Create(UserPrograms.PinKind, id);
        try
        {
            loaded.Pin(PinFolder.Of(UserPrograms.PinKind, id));
            (attachment as ProgramLink)?.Pin($"{PinFolder.Of(UserPrograms.PinKind, id)}/link");
        }
        catch
        {
            PinFolder.Remove(id);
            throw;
        }
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
                if (Lifetime != ProgramLifetime.Process)
                {
                    PinFolder.Remove(ProgramId);
                }

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
                _loaded.Dispose();
            }
        }
    }
}

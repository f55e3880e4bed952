using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>An attachment by a BPF link, which ends with its last descriptor unless it is pinned.</summary>
abstract class ProgramLink : AttachedProgram
{
    readonly Operation _detach;
    ProgramLifetime _lifetime;

    /// <summary>Takes over the descriptor of a link.</summary>
    /// <param name="link">The link.</param>
    /// <param name="lifetime">What ends it.</param>
    /// <param name="detach">What detaching it is called when it fails.</param>
    private protected ProgramLink(FileDescriptor link, ProgramLifetime lifetime, Operation detach)
    {
        Descriptor = link;
        _lifetime = lifetime;
        _detach = detach;
    }

    /// <inheritdoc/>
    internal override ProgramLifetime Lifetime => _lifetime;

    /// <summary>Whether the link holds a program on an interface; it doesn't any more when it was detached, or the interface is gone.</summary>
    internal bool IsAttached => KernelObjects.IsAttached(Descriptor);

    /// <summary>The link.</summary>
    private protected FileDescriptor Descriptor { get; }

    /// <summary>Pins the link: from now on it outlives the process.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string path)
    {
        BpfFileSystem.Pin(Descriptor, path);
        _lifetime = ProgramLifetime.Persistent;
    }

    /// <inheritdoc/>
    internal override void Detach()
    {
        var result = Libbpf.bpf_link_detach(Descriptor);
        if (result < 0 && result != -Errno.ENOLINK)
        {
            throw Failures.Create(_detach, result, "its interface");
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => Descriptor.Dispose();
}

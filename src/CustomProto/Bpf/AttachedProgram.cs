namespace CustomProto.Bpf;

/// <summary>
/// A program's hold on an interface. Closing (<see cref="Dispose"/>) lets go of it, which ends the attachment only if nobody else holds
/// it; <see cref="Detach"/> ends it.
/// </summary>
abstract class AttachedProgram : IDisposable
{
    /// <summary>What ends the attachment if nobody detaches it.</summary>
    internal abstract ProgramLifetime Lifetime { get; }

    /// <summary>Ends the attachment. Not an error when it has ended already.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal abstract void Detach();

    /// <inheritdoc/>
    public abstract void Dispose();
}

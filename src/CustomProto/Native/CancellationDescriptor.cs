namespace CustomProto.Native;

/// <summary>
/// A cancellation token as a descriptor that becomes readable, and stays so, when the token is cancelled: for the set of a
/// <c>poll</c>, so that a blocked wait ends at once and nothing has to be polled for by the clock.
/// </summary>
sealed class CancellationDescriptor : IDisposable
{
    readonly EventDescriptor _event = new();
    readonly CancellationTokenRegistration _registration;

    /// <summary>Makes the descriptor; it is readable from the start if the token is cancelled already.</summary>
    /// <exception cref="NativeException">The process has no descriptor left.</exception>
    internal CancellationDescriptor(CancellationToken token) =>
        _registration = token.UnsafeRegister(static state => ((EventDescriptor)state!).Signal(), _event);

    /// <summary>What to wait on; this object stays its owner.</summary>
    internal FileDescriptor Descriptor => _event.Descriptor;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _event.Dispose();
    }
}

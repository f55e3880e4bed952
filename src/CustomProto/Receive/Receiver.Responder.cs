using CustomProto.Net;

namespace CustomProto.Receive;

/// <content>The responder, and the peers, by which it tells sources apart.</content>
public sealed partial class Receiver
{
    /// <summary>How requests are answered in the kernel; <see langword="null"/> where they aren't. <see cref="SetResponder"/> changes it.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public ResponderOptions? Responder
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _program.Responder is { } responder ? ResponderState.ToOptions(responder.Read()) : null;
            }
        }
    }

    /// <summary>
    /// Changes how requests are answered, while the program runs and without a gap: a request is answered as before or as from now on, never
    /// by halves of both, and when this returns none is answered as before any more.
    /// </summary>
    /// <param name="responder">How; <see langword="null"/> for not at all.</param>
    /// <returns>What the user should know; one sentence or two each.</returns>
    /// <exception cref="CustomProtoException">An option can't be used, or not with this protocol; nothing is changed.</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public IReadOnlyList<string> SetResponder(ResponderOptions? responder)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var link = FindLink();
            _program.SetResponder(_about.Options with { Responder = responder }, link, Mode == XdpMode.Generic);
            return responder is null || link is null ? [] : ReceiverNotices.OfResponder(link, Mode);
        }
    }

    /// <summary>
    /// The sources of valid messages, the one that was last heard first; after them one row of those that were evicted, if there are any.
    /// Kept by the program, also while nobody reads.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public IReadOnlyList<CustomPeer> ReadPeers()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _about.PeerCapacity == 0
                ? []
                : _program.ReadPeers(new CustomPeer { Interface = Interface, ProgramId = ProgramId, Messages = 0 }, Protocol);
        }
    }

    /// <summary>The interface, if the program's is the one that the caller's network namespace has under the index.</summary>
    NetworkLink? FindLink() =>
        NetworkLinks.TryGet(InterfaceIndex, out var link) && link.XdpAttachments.Any(attachment => attachment.ProgramId == ProgramId) ? link : null;
}

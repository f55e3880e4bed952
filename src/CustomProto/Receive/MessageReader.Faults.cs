using CustomProto.Native;

namespace CustomProto.Receive;

/// <content>What ends the stream from outside.</content>
public sealed unsafe partial class MessageReader
{
    ReceiverWatch? _watch;
    CustomProtoException? _fault;
    bool _wasUp;
    bool _hasLooked;

    /// <summary>Readable when there is news of an interface; <see langword="null"/> where nobody watches.</summary>
    internal FileDescriptor? News => _watch?.Descriptor;

    /// <summary>Has the reader end with an error when no message can come any more. Before anybody reads.</summary>
    internal void WatchWith(ReceiverWatch watch)
    {
        _watch = watch;
        _waitHandles = [.. _waitHandles, watch.Descriptor];
    }

    /// <summary>Looks, once, whether messages can come.</summary>
    /// <returns>Whether there is news: reading tells.</returns>
    internal bool LookFirst()
    {
        if (!_hasLooked)
        {
            Look();
        }

        return _fault is not null;
    }

    /// <summary>Looks whether messages can still come; if not, reading says so when the ring is empty.</summary>
    internal void Look()
    {
        _hasLooked = true;
        try
        {
            _fault ??= _watch?.Look(ref _wasUp);
        }
        catch (ObjectDisposedException)
        {
            // The receiver goes away, which is said anyway.
        }
    }

    /// <summary>Says why no message can come any more, if that is so; when there is none left.</summary>
    /// <exception cref="CustomProtoException">That is so.</exception>
    internal void ThrowIfOver()
    {
        if (_fault is not null)
        {
            throw _fault;
        }
    }
}

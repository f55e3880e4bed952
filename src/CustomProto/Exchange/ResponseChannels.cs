using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>The channels of a requester: one an interface and port, opened when the first request leaves by it.</summary>
sealed class ResponseChannels(RequestOptions options) : IDisposable
{
    readonly Dictionary<int, ResponseChannel> _byInterface = [];

    /// <summary>The readers that there are.</summary>
    internal MessageReader[] Readers { get; private set; } = [];

    /// <summary>The channel that a path's responses come in by.</summary>
    /// <exception cref="CustomProtoException">As for <see cref="ResponseChannel.Open"/>.</exception>
    internal ResponseChannel For(PacketPath path, int port)
    {
        if (!_byInterface.TryGetValue(path.Link.Index, out var channel))
        {
            channel = ResponseChannel.Open(path, options, port);
            _byInterface.Add(path.Link.Index, channel);
            Renew();
        }

        return channel;
    }

    /// <summary>Closes the channel of a reader that came to its end; the next request opens one anew.</summary>
    /// <returns>The channel.</returns>
    internal ResponseChannel Close(MessageReader reader)
    {
        var (index, channel) = _byInterface.First(one => one.Value.Reader == reader);
        _byInterface.Remove(index);
        channel.Dispose();
        Renew();
        return channel;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var channel in _byInterface.Values)
        {
            channel.Dispose();
        }

        _byInterface.Clear();
        Renew();
    }

    void Renew() => Readers = [.. _byInterface.Values.Select(channel => channel.Reader).OfType<MessageReader>()];
}

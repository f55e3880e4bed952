using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>The channels of a requester: one an interface and port, opened when the first request leaves by it.</summary>
sealed class ResponseChannels(RequestOptions options) : IDisposable
{
    readonly Dictionary<int, ResponseChannel> _byInterface = [];

    /// <summary>The channels that programs receive for.</summary>
    internal ResponseChannel[] WithReaders { get; private set; } = [];

    /// <summary>Their readers of what arrives.</summary>
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

    /// <summary>Closes a channel whose reader came to its end; the next request opens one anew.</summary>
    internal void Close(ResponseChannel channel)
    {
        _byInterface.Remove(_byInterface.First(one => one.Value == channel).Key);
        channel.Dispose();
        Renew();
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

    void Renew()
    {
        WithReaders = [.. _byInterface.Values.Where(channel => channel.Reader is not null)];
        Readers = [.. WithReaders.Select(channel => channel.Reader!)];
    }
}

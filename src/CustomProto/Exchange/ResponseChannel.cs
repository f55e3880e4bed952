using CustomProto.Net;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>How the responses of one interface come in: through a program's reader, or at the sockets that sent the requests.</summary>
sealed class ResponseChannel : IDisposable
{
    readonly Receiver? _own;
    readonly Receiver? _receiver;
    readonly ReceiveStatistics? _before;

    ResponseChannel(string reason, Receiver? receiver = null, MessageReader? reader = null, Receiver? own = null)
    {
        Reason = reason;
        Reader = reader;
        _receiver = receiver;
        _own = own;
        _before = receiver?.ReadStatistics();
    }

    /// <summary>The program's reader; <see langword="null"/> where sockets receive.</summary>
    internal MessageReader? Reader { get; }

    /// <summary>Why responses come in so, as a sentence without its full stop.</summary>
    internal string Reason { get; }

    /// <summary>Opens the channel of the interface that a path leads over.</summary>
    /// <param name="path">The path.</param>
    /// <param name="options">The options.</param>
    /// <param name="port">The port that responses come from.</param>
    /// <exception cref="CustomProtoException">A program takes the responses, and nobody else may read from it.</exception>
    internal static ResponseChannel Open(PacketPath path, RequestOptions options, int port)
    {
        var link = path.Link;
        if (Receivers.On([link]).FirstOrDefault(receiver => Sees(receiver, options, port)) is { } registered)
        {
            return new ResponseChannel($"program {registered.ProgramId} is registered on '{link.Name}'", registered, registered.OpenReader());
        }

        if (path.IsLocal || !link.HasEthernetHeader || !options.RegisterPrograms)
        {
            return new ResponseChannel(path switch
            {
                { IsLocal: true } => $"{path.Destination} is an address of this host",
                { Link.HasEthernetHeader: false } => $"packets on '{link.Name}' have no Ethernet header",
                _ => "no program is registered, and none was to be",
            });
        }

        return Register(link, options, port);
    }

    /// <summary>The packets on the port that weren't valid messages since the channel was opened, by reason; none where sockets receive.</summary>
    internal IEnumerable<(string Reason, long Packets)> Rejected()
    {
        if (_before is not { } before || _receiver is null)
        {
            return [];
        }

        try
        {
            var now = _receiver.ReadStatistics();
            return new[]
            {
                (nameof(now.Fragment), now.Fragment - before.Fragment),
                (nameof(now.Truncated), now.Truncated - before.Truncated),
                (nameof(now.BadChecksum), now.BadChecksum - before.BadChecksum),
                (nameof(now.BadMagic), now.BadMagic - before.BadMagic),
                (nameof(now.BadVersion), now.BadVersion - before.BadVersion),
                (nameof(now.BadLength), now.BadLength - before.BadLength),
            }.Where(reason => reason.Item2 > 0);
        }
        catch (ObjectDisposedException)
        {
            // Unregistered meanwhile; reading says so.
            return [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reader?.Dispose();
        _own?.Dispose();
    }

    static ResponseChannel Register(NetworkLink link, RequestOptions options, int port)
    {
        Receiver? own = null;
        try
        {
            own = Receiver.Register(new ReceiverOptions
            {
                Interface = link.Name,
                Protocol = options.Protocol,
                Ports = options.Protocol.Ports.Contains(port) ? null : [port],

                // Native programs make hardware drivers set up their queues anew, which interrupts traffic. A veth end takes frames
                // that a program at the other end sends back (XDP_TX) only when it is native itself.
                Mode = link.Kind == "veth" ? AttachMode.Auto : AttachMode.Generic,
                RingSize = ReceiverOptions.MinRingSize,
            });
            return new ResponseChannel($"program {own.ProgramId} is registered on '{link.Name}' for the while", own, own.OpenReader(), own);
        }
        catch (CustomProtoException exception) when (own is null)
        {
            // A missing privilege, a program of somebody else, no libbpf: a socket does as well, with other stamps.
            return new ResponseChannel($"no program can be registered: {exception.Message.TrimEnd('.')}");
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    static bool Sees(Receiver receiver, RequestOptions options, int port)
    {
        try
        {
            return receiver.Protocol.Name == options.Protocol.Name && (receiver.Options.Ports ?? receiver.Protocol.Ports).Contains(port);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}

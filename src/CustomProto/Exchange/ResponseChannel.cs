using System.Globalization;
using CustomProto.Net;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>
/// How the responses of one interface come in: through a program's reader, or at the sockets that sent the requests; and through which
/// reader departing requests are seen, if any.
/// </summary>
sealed class ResponseChannel : IDisposable
{
    static int s_opened;

    readonly List<Receiver> _own = [];
    readonly List<string> _reasons = [];
    Receiver? _arrivals;
    ReceiveStatistics? _before;

    ResponseChannel()
    {
    }

    /// <summary>The reader of what arrives; <see langword="null"/> where sockets receive.</summary>
    internal MessageReader? Reader { get; private set; }

    /// <summary>The reader of what departs; <see langword="null"/> where the kernel doesn't stamp requests.</summary>
    internal MessageReader? Departures { get; private set; }

    /// <summary>Why responses come in so, as a sentence without its full stop.</summary>
    internal string Reason => string.Join("; ", _reasons);

    /// <summary>Opens the channel of the interface that a path leads over.</summary>
    /// <param name="path">The path.</param>
    /// <param name="options">The options.</param>
    /// <param name="port">The port that responses come from.</param>
    /// <exception cref="CustomProtoException">A program takes the responses, and has as many readers as it can have.</exception>
    internal static ResponseChannel Open(PacketPath path, RequestOptions options, int port)
    {
        var channel = new ResponseChannel();
        try
        {
            channel.OpenArrivals(path, options, port);
            if (channel.Reader is not null)
            {
                channel.OpenDepartures(path, options, port);
            }

            return channel;
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    /// <summary>The packets on the port that weren't valid messages since the channel was opened, by reason; none where sockets receive.</summary>
    internal IEnumerable<(string Reason, long Packets)> Rejected()
    {
        if (_before is not { } before || _arrivals is null)
        {
            return [];
        }

        try
        {
            var now = _arrivals.ReadStatistics();
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

    /// <summary>Lets go of departures: a reader came to its end, or isn't worth an error.</summary>
    internal void CloseDepartures()
    {
        Departures?.Dispose();
        Departures = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseDepartures();
        Reader?.Dispose();
        _own.ForEach(receiver => receiver.Dispose());
    }

    void OpenArrivals(PacketPath path, RequestOptions options, int port)
    {
        var link = path.Link;
        _arrivals = Find(link, AttachPoint.Xdp, options, port) ?? Find(link, AttachPoint.TcIngress, options, port);
        if (_arrivals is null && MayRegister(path, options))
        {
            _arrivals = Register(link, AttachPoint.Xdp, options, port) ?? Register(link, AttachPoint.TcIngress, options, port);
        }

        _before = _arrivals?.ReadStatistics();

        // Who answers from another port of the protocol is foreign, and requests are of no interest.
        Reader = _arrivals is null ? null : OpenReader(_arrivals, new ReaderFilter { SourcePorts = [.. options.Protocol.Ports.Append(port).Distinct()] });
    }

    void OpenDepartures(PacketPath path, RequestOptions options, int port)
    {
        var receiver = Find(path.Link, AttachPoint.TcEgress, options, port)
            ?? (MayRegister(path, options) ? Register(path.Link, AttachPoint.TcEgress, options, port) : null);
        try
        {
            Departures = receiver is null ? null : OpenReader(receiver, new ReaderFilter { DestinationPorts = [port] });
        }
        catch (CustomProtoException exception)
        {
            // It has no room for another reader. The round trip then begins in user space.
            _reasons.Add(exception.Message.TrimEnd('.'));
        }
    }

    /// <summary>Opens a reader of one's own: what the others get isn't touched.</summary>
    MessageReader OpenReader(Receiver receiver, ReaderFilter filter)
    {
        var name = _own.Contains(receiver)
            ? Receiver.DefaultReader
            : string.Create(CultureInfo.InvariantCulture, $"request.{Environment.ProcessId}.{Interlocked.Increment(ref s_opened)}");
        return receiver.OpenReader(name, filter, ReceiverOptions.MinRingSize);
    }

    bool MayRegister(PacketPath path, RequestOptions options)
    {
        var obstacle = path switch
        {
            { IsLocal: true } => $"{path.Destination} is an address of this host",
            { Link.HasEthernetHeader: false } => $"packets on '{path.Link.Name}' have no Ethernet header",
            _ => options.RegisterPrograms ? null : "no other program was to be registered",
        };
        if (obstacle is not null)
        {
            _reasons.Add(obstacle);
        }

        return obstacle is null;
    }

    /// <summary>A program of this process, or a persistent one, that sees the requests or responses.</summary>
    Receiver? Find(NetworkLink link, AttachPoint point, RequestOptions options, int port)
    {
        var found = Receivers.On([link]).FirstOrDefault(receiver => receiver.AttachPoint == point
            && receiver.InterfaceIndex == link.Index && receiver.Interface == link.Name && Sees(receiver, options, port));
        if (found is not null)
        {
            _reasons.Add($"program {found.ProgramId} is registered ({point})");
        }

        return found;
    }

    Receiver? Register(NetworkLink link, AttachPoint point, RequestOptions options, int port)
    {
        try
        {
            var own = Receiver.Register(new ReceiverOptions
            {
                Interface = link.Name,
                AttachPoint = point,
                Protocol = options.Protocol,
                Ports = options.Protocol.Ports.Contains(port) ? null : [port],

                // Native programs make hardware drivers set up their queues anew, which interrupts traffic. A veth end takes frames
                // that a program at the other end sends back (XDP_TX) only when it is native itself.
                Mode = link.Kind == "veth" ? AttachMode.Auto : AttachMode.Generic,
                RingSize = ReceiverOptions.MinRingSize,
            });
            _own.Add(own);
            _reasons.Add($"program {own.ProgramId} is registered for the while ({point})");
            return own;
        }
        catch (CustomProtoException exception)
        {
            // A missing privilege, a program of somebody else, no libbpf: it goes without, with other stamps.
            _reasons.Add($"no program can be registered ({point}): {exception.Message.TrimEnd('.')}");
            return null;
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

using System.Net;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// Sends messages to one receiver. It holds one or two sockets until it is disposed of, and belongs to one thread at a time; the way to
/// the receiver is found out once, in the network namespace of the thread that opens it, and isn't looked up again.
/// </summary>
public sealed partial class Sender : IDisposable
{
    /// <summary>How long the interface's counters may lag behind: the driver counts a packet when it has left.</summary>
    static readonly TimeSpan s_settleTime = TimeSpan.FromMilliseconds(100);

    readonly SendOptions _options;
    readonly PacketPath _path;
    readonly PacketTransport _transport;
    readonly PacketLimits _limits;
    readonly SendTally _tally = new();
    readonly SendRun _run = new();
    double? _requestedRate;
    LinkStatistics? _before;

    Sender(SendOptions options, PacketPath path, PacketTransport transport, string reason)
    {
        _options = options;
        _path = path;
        _transport = transport;
        Reason = reason;
        Notices = FindNotices(path, transport);
        _limits = LimitsOf(options, path, transport.Kind);
    }

    /// <summary>The transport in use; never <see cref="Transport.Auto"/>.</summary>
    public Transport Transport => _transport.Kind;

    /// <summary>Why that transport is in use, for a person to read.</summary>
    public string Reason { get; }

    /// <summary>What a user wouldn't expect, such as that packets to one's own address go over <c>lo</c>; whole sentences.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>The name of the interface that packets leave by.</summary>
    public string Interface => _path.Link.Name;

    /// <summary>The receiver; a link-local address has the interface as its scope.</summary>
    public IPAddress Destination => _path.Destination;

    /// <summary>The UDP port that is sent to.</summary>
    public int DestinationPort => _options.DestinationPort ?? _options.Protocol.Ports[0];

    /// <summary>The address that is sent from.</summary>
    public IPAddress SourceAddress => _transport is UdpTransport udp ? udp.LocalEndPoint.Address : _path.Source;

    /// <summary>The UDP port that is sent from.</summary>
    public int SourcePort => _transport.SourcePort;

    /// <summary>The most data bytes that a message may have here: what the MTU, IP and the protocol's header leave.</summary>
    public int MaxDataLength => _limits.MaxDataLength;

    /// <summary>How many packets the kernel took so far.</summary>
    public long Packets => _tally.Packets;

    /// <summary>
    /// CLOCK_MONOTONIC just before the packets of the latest call were handed to the kernel, in nanoseconds; 0 before the first.
    /// </summary>
    public long LatestMonotonicNanoseconds => _tally.LatestNanoseconds;

    /// <summary>
    /// Finds the way to the receiver, asks the next hop for its MAC address, and opens the socket. Sends no packet of the protocol.
    /// </summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Ends the wait for the next hop.</param>
    /// <exception cref="CustomProtoException">
    /// An option can't be used (<see cref="FailureKind.InvalidArgument"/>); there is no such interface
    /// (<see cref="FailureKind.NotFound"/>); the interface is down, there is no route, or the next hop doesn't answer
    /// (<see cref="FailureKind.Unreachable"/>); the interface has no Ethernet header (<see cref="FailureKind.Unsupported"/>); CAP_NET_RAW
    /// is missing (<see cref="FailureKind.PermissionDenied"/>); the source port is taken (<see cref="FailureKind.Busy"/>).
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Sender Open(SendOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = SendOptionsCheck.Check(options);
        var port = options.DestinationPort ?? options.Protocol.Ports[0];
        var path = PacketPath.Find(options);
        var choice = TransportChoice.Make(options, path);
        PacketTransport transport = choice.RawSocket is { } socket
            ? new RawTransport(socket, path, options, port, cancellationToken)
            : options.Transport == Transport.Xdp
                ? new XdpTransport(path, options, port, cancellationToken)
                : new UdpTransport(path, options, port, cancellationToken);
        return new Sender(options, path, transport, choice.Reason);
    }

    /// <summary>Sends a message, whole and at once. Its addresses don't matter; bytes that followed its data aren't sent.</summary>
    /// <param name="message">A message of the protocol of <see cref="SendOptions.Protocol"/>.</param>
    /// <param name="cancellationToken">Ends the wait for room in the socket's buffer.</param>
    /// <exception cref="CustomProtoException">
    /// The message is of another protocol or was captured in part (<see cref="FailureKind.InvalidArgument"/>), or is too long
    /// (<see cref="FailureKind.LimitExceeded"/>); nothing was sent. Or the kernel refuses it.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Send(CustomMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        CheckWhole(message, _options.Protocol);
        _ = Run(message.Payload, null, 1, cancellationToken);
    }

    /// <summary>Sends packets with one message, each of them whole. Its addresses don't matter; bytes that followed its data aren't sent.</summary>
    /// <param name="message">A message of the protocol of <see cref="SendOptions.Protocol"/>.</param>
    /// <param name="plan">How often and how fast.</param>
    /// <param name="cancellationToken">Ends it; <see cref="Packets"/> tells how far it came.</param>
    /// <returns>How many packets the kernel took.</returns>
    /// <exception cref="CustomProtoException">
    /// The message is of another protocol or was captured in part (<see cref="FailureKind.InvalidArgument"/>), or is too long
    /// (<see cref="FailureKind.LimitExceeded"/>); nothing was sent. Or the kernel refuses a packet.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long Send(CustomMessage message, SendPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        CheckWhole(message, _options.Protocol);
        return Send(message.Payload, plan, cancellationToken);
    }

    /// <summary>Sends packets with the same UDP payload, as fast as the kernel takes them.</summary>
    /// <param name="payload">The UDP payload: the protocol's header and the data. Its content isn't looked at.</param>
    /// <param name="count">How many packets; each has its own IPv4 identification.</param>
    /// <param name="cancellationToken">Ends it between two batches of 64; <see cref="Packets"/> tells how far it came.</param>
    /// <returns>How many packets the kernel took: <paramref name="count"/>.</returns>
    /// <exception cref="CustomProtoException">
    /// The payload is too long (<see cref="FailureKind.LimitExceeded"/>), and nothing was sent; or the kernel refuses a packet, as when the
    /// interface goes down (<see cref="FailureKind.Gone"/>), and <see cref="Packets"/> tells how far it came.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long Send(ReadOnlySpan<byte> payload, long count = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Run(payload, null, count, cancellationToken);
    }

    /// <summary>Sends packets with the same UDP payload.</summary>
    /// <param name="payload">The UDP payload: the protocol's header and the data. Its content isn't looked at.</param>
    /// <param name="plan">How often and how fast; each packet has its own IPv4 identification.</param>
    /// <param name="cancellationToken">Ends it at once; <see cref="Packets"/> tells how far it came.</param>
    /// <returns>How many packets the kernel took.</returns>
    /// <exception cref="CustomProtoException">
    /// The payload is too long (<see cref="FailureKind.LimitExceeded"/>), and nothing was sent; or the kernel refuses a packet, as when the
    /// interface goes down (<see cref="FailureKind.Gone"/>), and <see cref="Packets"/> tells how far it came.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long Send(ReadOnlySpan<byte> payload, SendPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _requestedRate = plan.Pace?.Rate ?? _requestedRate;
        return Run(payload, plan, plan.Count ?? long.MaxValue, cancellationToken);
    }

    /// <summary>
    /// What became of all packets so far. Call it on a thread in the sender's network namespace. It may take a moment, because the
    /// interface's counters are waited for; sending can go on afterwards.
    /// </summary>
    public SendResult Complete()
    {
        var confirmed = ReadConfirmed();
        _transport.CollectErrors(_tally);
        return new SendResult
        {
            Transport = Transport,
            Interface = Interface,
            Destination = Destination,
            DestinationPort = DestinationPort,
            SourceAddress = SourceAddress,
            SourcePort = SourcePort,
            Packets = _tally.Packets,
            Bytes = _tally.Bytes,
            Elapsed = TimeSpan.FromMicroseconds((_tally.EndNanoseconds - _tally.FirstNanoseconds) / 1000.0),
            RequestedRate = _requestedRate,
            ErrorsByName = _tally.ErrorsByName,
            Confirmed = confirmed,
            MonotonicNanoseconds = _tally.FirstNanoseconds,
        };
    }

    /// <summary>
    /// Closes the sockets. Packets that the kernel took still leave. A raw socket takes the kernel some 10 ms, which aren't waited for,
    /// unless many are being closed.
    /// </summary>
    public void Dispose() => _transport.Dispose();

    /// <summary>Throws if a message can't be sent as it is.</summary>
    /// <exception cref="CustomProtoException">It is of another protocol, or was captured in part (<see cref="FailureKind.InvalidArgument"/>).</exception>
    internal static void CheckWhole(CustomMessage message, ProtocolDefinition protocol)
    {
        if (message.Definition.Name != protocol.Name)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "ProtocolMismatch",
                $"The message is of the protocol '{message.Protocol}', but '{protocol.Name}' is sent.",
                "Name the message's protocol, or make the message anew.",
                message);
        }

        if (message.CapturedLength < message.Length)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "MessageIncomplete",
                $"Only {message.CapturedLength} of the message's {message.Length} bytes of data were captured.",
                "Receive with a larger -SnapLength.",
                message);
        }
    }

    long Run(ReadOnlySpan<byte> payload, SendPlan? plan, long count, CancellationToken cancellationToken)
    {
        payload = _options.Craft.Apply(_options.Protocol, payload);
        payload = _transport.Complete(payload);
        _limits.Check(payload.Length);
        return Run(payload, isFrame: false, plan, count, cancellationToken);
    }

    long Run(ReadOnlySpan<byte> bytes, bool isFrame, SendPlan? plan, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return 0;
        }

        _before ??= ReadStatistics();
        var before = _tally.Packets;
        try
        {
            _run.Begin(plan, count, cancellationToken);
            if (isFrame)
            {
                ((RawTransport)_transport).SendFrame(bytes, _run, _tally);
            }
            else
            {
                _transport.Send(bytes, _run, _tally);
            }
        }
        finally
        {
            _run.End();
        }

        return _tally.Packets - before;
    }

    /// <summary>How much data fits into a packet.</summary>
    internal static PacketLimits LimitsOf(SendOptions options, PacketPath path, Transport transport) => transport switch
    {
        Transport.Raw => path.LimitsFor(options.Protocol.HeaderSize, RawTransport.UnprovidedTagBytes(path, options)),
        Transport.Xdp => XdpTransport.LimitsFor(path, options),
        _ => path.LimitsFor(options.Protocol.HeaderSize, 0),
    } with
    {
        IPOptionLength = options.Craft.IPOptionLength,
        MayFragment = options.Craft.MayFragment,
    };

    long? ReadConfirmed()
    {
        if (_before is not { } before)
        {
            return 0;
        }

        // No event tells that the counters have caught up, so they are looked at until they have, for a bounded time.
        var deadline = Environment.TickCount64 + (long)s_settleTime.TotalMilliseconds;
        while (true)
        {
            if (ReadStatistics() is not { } now || now.TransmittedPackets < before.TransmittedPackets)
            {
                return null;
            }

            var increase = (long)(now.TransmittedPackets - before.TransmittedPackets);
            if (increase >= _tally.Packets || Environment.TickCount64 >= deadline)
            {
                return increase > _tally.Packets ? null : increase;
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>The interface's counters, unless it is gone.</summary>
    LinkStatistics? ReadStatistics() => NetworkLinks.TryGet(_path.Link.Index, out var link) ? link.Statistics : null;

    static List<string> FindNotices(PacketPath path, PacketTransport transport)
    {
        var notices = new List<string>();
        if (path.IsLocal)
        {
            notices.Add(
                $"{path.Destination} is an address of this host: packets to it go over '{path.Link.Name}', "
                + "where XDP programs on other interfaces don't see them.");
            if (transport.Kind == Transport.Raw && !path.IsIPv6)
            {
                notices.Add("The network stack takes raw IPv4 frames on loopback for forged: XDP programs there see them, sockets don't.");
            }
        }

        if (transport.Kind == Transport.Xdp && XdpRequirements.PeerTakesNothing(path.Link))
        {
            notices.Add(
                $"The peer of '{path.Link.Name}' has neither an XDP program nor GRO: frames of the in-kernel sender vanish there, while the "
                + "kernel reports success. Attach a program to the peer, switch its GRO on (ethtool -K PEER gro on), or use -Transport Raw.");
        }

        return notices;
    }
}

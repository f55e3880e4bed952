using System.Net;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>Datagrams over a connected UDP socket.</summary>
/// <remarks>
/// The socket's error queue is on: an ICMP message that answers an earlier packet makes the kernel refuse the packet at hand, whoever
/// that is for. It is counted, and the packet is sent again: a receiver whose XDP program took the message may well have no socket on
/// the port, and then answers each message with ICMP port unreachable.
/// </remarks>
sealed class UdpTransport : SocketTransport
{
    readonly UdpSocket _socket;
    readonly int _overhead;

    /// <summary>Opens the socket.</summary>
    /// <param name="path">The way to the receiver.</param>
    /// <param name="options">The options.</param>
    /// <param name="destinationPort">The port that is sent to.</param>
    /// <param name="cancellationToken">Ends the wait for the next hop's MAC address.</param>
    internal UdpTransport(PacketPath path, SendOptions options, int destinationPort, CancellationToken cancellationToken)
        : base(path)
    {
        if (path.Link.HasEthernetHeader && !path.IsLocal)
        {
            // The kernel would ask for it, too, but drop packets meanwhile, and say nothing if no answer came.
            _ = Neighbours.Resolve(path.Link, path.NextHop, options.NeighbourTimeout, cancellationToken);
        }

        _overhead = (path.Link.HasEthernetHeader ? FrameBuilder.EthernetHeaderLength : 0) + FrameBuilder.UdpHeaderLength
            + (path.IsIPv6 ? FrameBuilder.IPv6HeaderLength : FrameBuilder.IPv4HeaderLength);
        _socket = new UdpSocket(path.Destination.AddressFamily);
        try
        {
            Configure(_socket, path, options);
            _socket.Connect(new IPEndPoint(path.Destination, destinationPort));
            LocalEndPoint = _socket.LocalEndPoint;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Transport Kind => Transport.Udp;

    /// <inheritdoc/>
    internal override int SourcePort => LocalEndPoint.Port;

    /// <summary>The address and port that the kernel settled on.</summary>
    internal IPEndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    protected override FileDescriptor Descriptor => _socket.Descriptor;

    /// <inheritdoc/>
    internal override void CollectErrors(SendTally tally) => _ = Absorb(0, tally);

    /// <inheritdoc/>
    public override void Dispose() => _socket.Dispose();

    /// <inheritdoc/>
    protected override int Fill(ReadOnlySpan<byte> payload, int slots)
    {
        Batch.Lay(slots, payload.Length, shared: true);
        payload.CopyTo(Batch[0]);
        return _overhead + payload.Length;
    }

    /// <inheritdoc/>
    protected override bool Absorb(int errno, SendTally tally)
    {
        var taken = false;
        while (_socket.TryTakeError(out var error))
        {
            // The kernel's own errors are queued as well as returned; returned they are about the packet at hand.
            if (error.Origin is Libc.SO_EE_ORIGIN_ICMP or Libc.SO_EE_ORIGIN_ICMP6)
            {
                tally.AddError(error.Errno);
                taken = true;
            }
        }

        return taken || errno == 0;
    }

    /// <summary>Sets what the options say, and turns the error queue on.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static void Configure(UdpSocket socket, PacketPath path, SendOptions options)
    {
        socket.SetOption(Libc.IP_RECVERR, Libc.IPV6_RECVERR, 1);
        socket.SetOption(Libc.IP_MTU_DISCOVER, Libc.IPV6_MTU_DISCOVER, Libc.IP_PMTUDISC_DO);
        if (options.Ttl is { } ttl)
        {
            socket.SetOption(Libc.IP_TTL, Libc.IPV6_UNICAST_HOPS, ttl);
        }

        if (options.Dscp != 0)
        {
            socket.SetOption(Libc.IP_TOS, Libc.IPV6_TCLASS, options.Dscp << 2);
        }

        if (options.Interface is not null && !path.IsLocal)
        {
            socket.BindToDevice(path.Link.Name);
        }

        if (options.SourceAddress is not null || options.SourcePort != 0)
        {
            var any = path.IsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
            socket.Bind(new IPEndPoint(options.SourceAddress is null ? any : path.Source, options.SourcePort));
        }
    }
}

using System.Net;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// What whole frames to a receiver say in their headers: found out once, with a source port that is held as long as this is.
/// </summary>
sealed class FrameOrigin : IDisposable
{
    const int DefaultTtl = 64;

    /// <summary>What packets to multicast groups get, so that they stay on the link (RFC 1112, section 6.1).</summary>
    const int DefaultMulticastTtl = 1;

    /// <summary>The first of the ports that are for anybody's use (RFC 6335, section 6).</summary>
    const int FirstDynamicPort = 49152;

    readonly UdpSocket? _reservation;

    /// <summary>Asks the next hop for its MAC address, and takes a port.</summary>
    /// <param name="path">The way to the receiver.</param>
    /// <param name="options">The options.</param>
    /// <param name="destinationPort">The port that is sent to.</param>
    /// <param name="cancellationToken">Ends the wait for the next hop's MAC address.</param>
    /// <exception cref="CustomProtoException">The next hop doesn't answer, or the kernel refuses.</exception>
    internal FrameOrigin(PacketPath path, SendOptions options, int destinationPort, CancellationToken cancellationToken)
    {
        var destinationMac = options.DestinationMac
            ?? Neighbours.Resolve(path.Link, path.NextHop, options.NeighbourTimeout, cancellationToken);
        var sourcePort = options.SourcePort;
        if (sourcePort == 0 && options.Craft.FuzzSeed is { } seed)
        {
            sourcePort = PortOf(seed);
        }
        else if (sourcePort == 0)
        {
            _reservation = ReservePort(path);
            sourcePort = _reservation?.LocalEndPoint.Port ?? Random.Shared.Next(FirstDynamicPort, IPEndPoint.MaxPort + 1);

            // Where several take turns, the last is a port, too.
            sourcePort = Math.Min(sourcePort, IPEndPoint.MaxPort + 1 - options.SourcePortCount);
        }

        Headers = MakeHeaders(path, options, destinationPort, destinationMac, sourcePort);
    }

    /// <summary>The headers.</summary>
    internal FrameHeaders Headers { get; }

    /// <inheritdoc/>
    public void Dispose() => _reservation?.Dispose();

    /// <summary>The headers, where the addresses and ports that have to be found out are known.</summary>
    internal static FrameHeaders MakeHeaders(PacketPath path, SendOptions options, int destinationPort, MacAddress destinationMac, int sourcePort) => new()
    {
        DestinationMac = destinationMac,
        SourceMac = options.SourceMac ?? path.Link.Address,
        VlanId = options.VlanId,
        Destination = InternetAddress.From(path.Destination),
        Source = InternetAddress.From(path.Source),
        DestinationPort = destinationPort,
        SourcePort = sourcePort,
        Ttl = options.Ttl ?? (path.IsMulticast ? DefaultMulticastTtl : DefaultTtl),
        Dscp = options.Dscp,
        IPOption = options.Craft.IPOption,
    };

    /// <summary>The source port of fuzzed packets, so that a seed gives the same bytes each time.</summary>
    internal static int PortOf(long seed) => FirstDynamicPort + (int)((ulong)seed % (IPEndPoint.MaxPort + 1 - FirstDynamicPort));

    /// <summary>
    /// Takes a free port, so that nobody else gets it and the network stack doesn't turn away answers with ICMP port unreachable.
    /// </summary>
    /// <returns><see langword="null"/> where the source address isn't this host's.</returns>
    static UdpSocket? ReservePort(PacketPath path)
    {
        if (path.IsSourceForeign)
        {
            return null;
        }

        var socket = new UdpSocket(path.Source.AddressFamily);
        try
        {
            socket.Bind(new IPEndPoint(path.Source, 0));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Globalization;
using System.Net;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>A destination of requests: the way there, how its responses come in, and what came of the requests so far.</summary>
sealed class RequestTarget
{
    readonly SendOptions _options;
    readonly PacketPath _path;
    readonly PacketLimits _limits;

    RequestTarget(SendOptions options, PacketPath path, ResponseChannel channel)
    {
        _options = options with { SourceAddress = path.Source };
        _path = path;
        _limits = path.LimitsFor(options.Protocol.HeaderSize, unprovidedTagBytes: 0) with { NeverFragments = true };
        Channel = channel;
        EndPoint = new IPEndPoint(path.Destination, options.DestinationPort ?? options.Protocol.Ports[0]);
        Address = InternetAddress.From(path.Destination);
    }

    /// <summary>Whom requests go to and responses have to come from.</summary>
    internal IPEndPoint EndPoint { get; }

    /// <summary>The address alone, to compare with.</summary>
    internal InternetAddress Address { get; }

    /// <summary>How responses come in.</summary>
    internal ResponseChannel Channel { get; }

    /// <summary>The index of the interface that requests leave by.</summary>
    internal int InterfaceIndex => _path.Link.Index;

    /// <summary>The name of the interface that requests leave by.</summary>
    internal string Interface => _path.Link.Name;

    /// <summary>The kind of that interface, such as <c>veth</c>.</summary>
    internal string? InterfaceKind => _path.Link.Kind;

    /// <summary>Whom packets to the destination are handed to: itself or a router.</summary>
    internal IPAddress NextHop => _path.NextHop;

    /// <summary>Whether the kernel knows the next hop's MAC address, where packets need one.</summary>
    internal bool HasNeighbour
    {
        get
        {
            if (_path.IsLocal || !_path.Link.HasEthernetHeader)
            {
                return true;
            }

            using var resolution = new NeighbourResolution(_path.Link, NextHop);
            return resolution.Query()?.UsableAddress is not null;
        }
    }

    /// <summary>What came of the requests.</summary>
    internal ExchangeCounts Counts { get; set; }

    /// <summary>Finds the way to a destination.</summary>
    /// <param name="options">The options of all requests.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="channels">Opens the channel where the way leads.</param>
    /// <exception cref="CustomProtoException">An option can't be used, or there is no way.</exception>
    internal static RequestTarget Find(RequestOptions options, IPAddress destination, ResponseChannels channels)
    {
        var send = SendOptionsCheck.Check(new SendOptions
        {
            Destination = destination,
            Protocol = options.Protocol,
            DestinationPort = options.DestinationPort,
            Interface = options.Interface,
            SourceAddress = options.SourceAddress,
            Ttl = options.Ttl,
            Dscp = options.Dscp,
            Transport = Transport.Udp,
        });
        var path = PacketPath.Find(send);
        if (path.IsMulticast || path.IsBroadcast)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "RequestToGroup",
                $"{destination} is a group of hosts: a response has to come from the address that the request went to, and no host has this one.",
                "Name the hosts, or use Send-CustomPacket and Get-CustomMessage.",
                destination);
        }

        if (path.IsSourceForeign)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "SourceNotOwn",
                $"{path.Source} isn't an address of this host, so responses to it would go elsewhere.",
                "Leave out -SourceAddress, or give one of this host's (ip -brief address).",
                path.Source);
        }

        return new RequestTarget(send, path, channels.For(path, send.DestinationPort ?? options.Protocol.Ports[0]));
    }

    /// <summary>Throws if a request doesn't fit.</summary>
    /// <exception cref="CustomProtoException">It is too long (<see cref="FailureKind.LimitExceeded"/>), of another protocol, or incomplete.</exception>
    internal void Check(CustomMessage request)
    {
        Sender.CheckWhole(request, _options.Protocol);
        _limits.Check(request.Payload.Length);
    }

    /// <summary>Opens a socket with a port of its own.</summary>
    /// <exception cref="CustomProtoException">The kernel refuses.</exception>
    internal UdpSocket OpenSocket()
    {
        var socket = new UdpSocket(EndPoint.AddressFamily, receives: Channel.Reader is null);
        try
        {
            UdpTransport.Configure(socket, _path, _options);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{EndPoint} over '{Interface}'");
}

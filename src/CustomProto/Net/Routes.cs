using System.Net;
using System.Net.Sockets;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>The routing decisions of the calling thread's network namespace (rtnetlink). No privilege is needed.</summary>
public static class Routes
{
    /// <summary>Asks the kernel how it would send to an address, policy rules and learned path MTUs included.</summary>
    /// <param name="destination">
    /// An IPv4 or IPv6 address. The scope of a link-local one is the interface; an IPv4-mapped one counts as IPv4.
    /// </param>
    /// <param name="source">The source address to send from, if it is settled; it need not be one of this host's for IPv6.</param>
    /// <param name="interfaceIndex">The interface to leave by, if it is settled.</param>
    /// <exception cref="NativeException">
    /// There is no route, or it forbids sending (<see cref="FailureKind.Unreachable"/>, QueryNetworkFailed).
    /// </exception>
    /// <exception cref="CustomProtoException">
    /// There is no such interface (<see cref="FailureKind.NotFound"/>, InterfaceNotFound).
    /// </exception>
    /// <exception cref="ArgumentException">The addresses are of different families, or the scope isn't the interface.</exception>
    public static Route Find(IPAddress destination, IPAddress? source = null, int? interfaceIndex = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        destination = Unmap(destination);
        source = source is null ? null : Unmap(source);
        if (source is not null && source.AddressFamily != destination.AddressFamily)
        {
            throw new ArgumentException(
                $"The source {source} and the destination {destination} are of different families.", nameof(source));
        }

        var index = SettleInterface(destination, interfaceIndex);
        using var socket = new NetlinkSocket();
        Route? route = null;
        var error = socket.Request(
            Ask(stackalloc byte[128], destination, source, index),
            (type, body) => route = type == RTM_NEWROUTE ? Route.Parse(body, destination, source) : route);
        return error.IsError || route is null ? throw Failure(error, destination, index) : route;
    }

    /// <summary>Gives an IPv4-mapped IPv6 address its IPv4 form; nothing but IP addresses passes.</summary>
    internal static IPAddress Unmap(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => address,
        AddressFamily.InterNetworkV6 => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address,
        _ => throw new ArgumentException($"{address} is not an IPv4 or IPv6 address.", nameof(address)),
    };

    static int SettleInterface(IPAddress destination, int? interfaceIndex)
    {
        var scope = destination.AddressFamily == AddressFamily.InterNetworkV6 ? destination.ScopeId : 0;
        if (scope != 0 && interfaceIndex is { } given && given != scope)
        {
            throw new ArgumentException($"The scope of {destination} isn't the interface with the index {given}.", nameof(interfaceIndex));
        }

        return interfaceIndex ?? (int)Math.Min(scope, int.MaxValue);
    }

    static NetlinkMessageWriter Ask(Span<byte> buffer, IPAddress destination, IPAddress? source, int index)
    {
        Span<byte> bytes = stackalloc byte[16];
        destination.TryWriteBytes(bytes, out var length);
        var bits = (byte)(length * 8);
        var request = new NetlinkMessageWriter(buffer, RTM_GETROUTE);
        request.Append(new RouteMessage
        {
            Family = length == 4 ? (byte)Libc.AF_INET : (byte)Libc.AF_INET6,
            DestinationLength = bits,
            SourceLength = source is null ? (byte)0 : bits,
        });
        request.Attribute(RTA_DST, bytes[..length]);
        if (source is not null)
        {
            source.TryWriteBytes(bytes, out _);
            request.Attribute(RTA_SRC, bytes[..length]);
        }

        if (index != 0)
        {
            request.Attribute(RTA_OIF, index);
        }

        return request;
    }

    static CustomProtoException Failure(NetlinkError error, IPAddress destination, int index)
    {
        if (index != 0 && !NetworkLinks.TryGet(index, out _))
        {
            return NetworkLinks.NotFound(index);
        }

        // An acknowledgement without a route isn't seen in practice; it means the same.
        var errno = error.IsError ? error.Errno : Errno.ENETUNREACH;
        var hint = Failures.Find(Operation.QueryNetwork, errno).Hint?.Replace("ADDRESS", destination.ToString(), StringComparison.Ordinal);
        return Failures.Create(Operation.QueryNetwork, errno, $"the route to {destination}", hint, detail: error.Detail);
    }
}

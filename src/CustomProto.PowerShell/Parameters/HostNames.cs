using System.Net;
using System.Net.Sockets;
using CustomProto.Net;

namespace CustomProto.PowerShell.Parameters;

/// <summary>From what a user writes for a host to its address.</summary>
static class HostNames
{
    /// <summary>Reads an address, or looks a name up.</summary>
    /// <param name="host">An IPv4 or IPv6 address, or a name.</param>
    /// <param name="family">The family that it has to have, if that matters.</param>
    /// <param name="cancellationToken">Ends the wait for the name server.</param>
    /// <exception cref="CustomProtoException">There is no such name, it has no address of the family, or its zone (%eth0) is no interface.</exception>
    internal static IPAddress Resolve(string host, AddressFamily? family, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            // A bare number is read as one, too, but nobody means 0.0.0.5 by 5.
            return host.AsSpan().ContainsAny('.', ':') ? WithZone(address, host) : throw NotResolved(host, "a number by itself is no address", null);
        }

        try
        {
            var addresses = Dns.GetHostAddressesAsync(host, family ?? AddressFamily.Unspecified, cancellationToken).GetAwaiter().GetResult();
            return addresses.Length > 0 ? addresses[0] : throw NotResolved(host, "it has no address", null);
        }
        catch (SocketException exception)
        {
            throw NotResolved(host, exception.Message, exception);
        }
        catch (ArgumentException exception)
        {
            throw NotResolved(host, "it is no valid name", exception);
        }
    }

    /// <summary>An address is read without its zone where that is no interface, and then looks like one that never had it.</summary>
    static IPAddress WithZone(IPAddress address, string host) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == 0 && host.IndexOf('%', StringComparison.Ordinal) is var at and >= 0
            ? new IPAddress(address.GetAddressBytes(), NetworkLinks.Get(host[(at + 1)..].TrimEnd(']')).Index)
            : address;

    static CustomProtoException NotResolved(string host, string reason, Exception? cause) => new(
        FailureKind.NotFound,
        "NameNotResolved",
        $"The name '{host}' cannot be resolved to an address: {reason.TrimEnd('.')}.",
        $"Check the name (getent ahosts {host}), or give an IP address.",
        host,
        cause);
}

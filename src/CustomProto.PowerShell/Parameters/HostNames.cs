using System.Net;
using System.Net.Sockets;

namespace CustomProto.PowerShell.Parameters;

/// <summary>From what a user writes for a host to its address.</summary>
static class HostNames
{
    /// <summary>Reads an address, or looks a name up.</summary>
    /// <param name="host">An IPv4 or IPv6 address, or a name.</param>
    /// <param name="family">The family that it has to have, if that matters.</param>
    /// <param name="cancellationToken">Ends the wait for the name server.</param>
    /// <exception cref="CustomProtoException">There is no such name, or it has no address of the family.</exception>
    internal static IPAddress Resolve(string host, AddressFamily? family, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            // A bare number is read as one, too, but nobody means 0.0.0.5 by 5.
            return host.AsSpan().ContainsAny('.', ':') ? address : throw NotResolved(host, "a number by itself is no address", null);
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

    static CustomProtoException NotResolved(string host, string reason, Exception? cause) => new(
        FailureKind.NotFound,
        "NameNotResolved",
        $"The name '{host}' cannot be resolved to an address: {reason.TrimEnd('.')}.",
        $"Check the name (getent ahosts {host}), or give an IP address.",
        host,
        cause);
}

using System.Buffers.Binary;
using System.Net;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>The addresses of an interface in the calling thread's network namespace (rtnetlink). No privilege is needed.</summary>
static class InterfaceAddresses
{
    /// <summary>The IPv4 addresses that mean every host of one of the interface's networks.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    internal static IReadOnlyList<IPAddress> Broadcasts(int interfaceIndex)
    {
        using var socket = new NetlinkSocket();
        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETADDR);
        request.Append(new AddressMessage { Family = Libc.AF_INET });
        var broadcasts = new List<IPAddress>();
        var error = socket.Dump(
            request,
            (type, body) =>
            {
                if (type == RTM_NEWADDR)
                {
                    Take(body, interfaceIndex, broadcasts);
                }
            },
            broadcasts.Clear);
        return error.IsError ? throw error.ToException(Operation.QueryNetwork, "the network addresses") : [.. broadcasts.Distinct()];
    }

    static void Take(ReadOnlySpan<byte> body, int interfaceIndex, List<IPAddress> broadcasts)
    {
        const int HostPrefix = 31;
        var header = NetlinkMessageReader.ReadHeader<AddressMessage>(body, out var attributes);
        if (header.Index != interfaceIndex)
        {
            return;
        }

        while (attributes.MoveNext())
        {
            if (attributes.Type == IFA_BROADCAST)
            {
                broadcasts.Add(new IPAddress(attributes.Value));
            }
            else if (attributes.Type == IFA_LOCAL && header.PrefixLength < HostPrefix)
            {
                // The kernel has a route for it, whether or not the administrator named it.
                var bytes = new byte[sizeof(uint)];
                BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(attributes.Value) | (uint.MaxValue >> header.PrefixLength));
                broadcasts.Add(new IPAddress(bytes));
            }
        }
    }
}

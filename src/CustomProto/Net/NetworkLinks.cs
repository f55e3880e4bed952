using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>
/// The network interfaces of the calling thread's network namespace, asked from the kernel anew by each call (rtnetlink). No
/// privilege is needed, and nothing stays open.
/// </summary>
public static class NetworkLinks
{
    /// <summary>How many names an error message lists.</summary>
    const int ListedNames = 16;

    /// <summary>All interfaces, by index.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    public static IReadOnlyList<NetworkLink> List()
    {
        using var socket = new NetlinkSocket();
        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETLINK);
        request.Append(default(LinkMessage));
        var links = new List<NetworkLink>();
        var error = socket.Dump(request, (type, body) => Take(type, body, links.Add), links.Clear);
        if (error.IsError)
        {
            throw error.ToException(Operation.QueryNetwork, "the network interfaces");
        }

        links.Sort((one, other) => one.Index.CompareTo(other.Index));
        return links;
    }

    /// <summary>The interface with a name, or with an alternative name (<c>ip link property add dev NAME altname OTHER</c>).</summary>
    /// <exception cref="CustomProtoException">There is none (<see cref="FailureKind.NotFound"/>, InterfaceNotFound).</exception>
    public static NetworkLink Get(string name) =>
        TryGet(name, out var link) ? link : throw NotFound($"There is no network interface '{name}' in this network namespace.", name);

    /// <summary>The interface with an index.</summary>
    /// <exception cref="CustomProtoException">There is none (<see cref="FailureKind.NotFound"/>, InterfaceNotFound).</exception>
    public static NetworkLink Get(int index) => TryGet(index, out var link) ? link : throw NotFound(index);

    /// <summary>The interface with a name or an alternative name, if there is one.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    public static bool TryGet(string name, [NotNullWhen(true)] out NetworkLink? link)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        link = null;
        Span<byte> text = stackalloc byte[ALTIFNAMSIZ];
        if (!Encoding.UTF8.TryGetBytes(name, text[..^1], out var length) || text[..length].Contains((byte)0))
        {
            // Longer than any name, or no name at all.
            return false;
        }

        text[length] = 0;
        var request = new NetlinkMessageWriter(stackalloc byte[ALTIFNAMSIZ + 64], RTM_GETLINK);
        request.Append(default(LinkMessage));
        request.Attribute(length < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, text[..(length + 1)]);
        using var socket = new NetlinkSocket();
        return TryGet(socket, request, $"the network interface '{name}'", out link);
    }

    /// <summary>
    /// The other end of a veth pair, in whatever network namespace it is; <see langword="null"/> where the caller may not look there, which
    /// needs CAP_NET_ADMIN in that namespace.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    internal static NetworkLink? FindPeer(NetworkLink link)
    {
        if (link.PeerIndex is not { } index || (link.PeerIsElsewhere && link.PeerNamespace is null))
        {
            return null;
        }

        using var socket = new NetlinkSocket();
        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETLINK);
        request.Append(new LinkMessage { Index = index });
        if (link.PeerNamespace is { } number)
        {
            request.Attribute(IFLA_TARGET_NETNSID, number);
        }

        NetworkLink? peer = null;
        var error = socket.Request(request, (type, body) => Take(type, body, found => peer = found));
        return error.IsError ? null : peer;
    }

    /// <summary>The interface with an index, if there is one.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    public static bool TryGet(int index, [NotNullWhen(true)] out NetworkLink? link)
    {
        using var socket = new NetlinkSocket();
        return TryGet(socket, index, out link);
    }

    /// <summary>The interface with an index, if there is one, in the network namespace of a socket.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    internal static bool TryGet(NetlinkSocket socket, int index, [NotNullWhen(true)] out NetworkLink? link)
    {
        link = null;
        if (index <= 0)
        {
            // The kernel counts from 1, and takes 0 for "by name".
            return false;
        }

        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETLINK);
        request.Append(new LinkMessage { Index = index });
        return TryGet(socket, request, $"the network interface with the index {index.ToString(CultureInfo.InvariantCulture)}", out link);
    }

    /// <summary>The failure for an index without an interface.</summary>
    internal static CustomProtoException NotFound(int index) => NotFound(
        string.Create(CultureInfo.InvariantCulture, $"There is no network interface with the index {index} in this network namespace."),
        index);

    static CustomProtoException NotFound(string problem, object target)
    {
        var names = List().Select(link => link.Name).ToArray();
        var hint = names.Length switch
        {
            0 => "There are none in it.",
            <= ListedNames => $"These are there: {string.Join(", ", names)}.",
            _ => $"These are there: {string.Join(", ", names.Take(ListedNames))} and {names.Length - ListedNames} more.",
        };
        return new CustomProtoException(FailureKind.NotFound, "InterfaceNotFound", problem, hint, target);
    }

    static bool TryGet(NetlinkSocket socket, NetlinkMessageWriter request, string target, [NotNullWhen(true)] out NetworkLink? link)
    {
        NetworkLink? found = null;
        var error = socket.Request(request, (type, body) => Take(type, body, answer => found = answer));
        link = found;
        return error.Errno switch
        {
            0 => link is not null,
            Errno.ENODEV => false,
            _ => throw error.ToException(Operation.QueryNetwork, target),
        };
    }

    static void Take(ushort type, ReadOnlySpan<byte> body, Action<NetworkLink> add)
    {
        if (type == RTM_NEWLINK)
        {
            add(NetworkLink.Parse(body));
        }
    }
}

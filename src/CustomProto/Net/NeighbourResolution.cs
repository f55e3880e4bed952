using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>One search for a neighbour: asks the table, has the kernel ask the neighbour, and waits for the outcome.</summary>
/// <remarks>
/// Notifications only wake it; what counts is the table, asked again after each. So a notification about an earlier attempt, or a
/// lost one, can't mislead it.
/// </remarks>
sealed class NeighbourResolution(NetworkLink link, IPAddress nextHop) : IDisposable
{
    readonly NetlinkSocket _requests = new();

    string Target => $"{nextHop} on '{link.Name}'";

    string Question => nextHop.AddressFamily == AddressFamily.InterNetwork ? "ARP requests" : "neighbour solicitations (NDP)";

    /// <summary>The neighbour's entry in the table, if it has one (RTM_GETNEIGH; Linux 5.0).</summary>
    internal Neighbour? Query()
    {
        Neighbour? neighbour = null;
        var error = _requests.Request(
            Ask(stackalloc byte[128], RTM_GETNEIGH, default),
            (type, body) => neighbour = type == RTM_NEWNEIGH ? Neighbour.Parse(body) : neighbour);
        return error.Errno switch
        {
            0 => neighbour,
            Errno.ENOENT => null,
            _ => throw Failure(error),
        };
    }

    /// <summary>Has the kernel ask the neighbour, and waits.</summary>
    internal MacAddress Resolve(TimeSpan timeout, CancellationToken cancellationToken)
    {
        CheckInterface();
        if (nextHop.AddressFamily == AddressFamily.InterNetwork && Routes.Find(nextHop, null, link.Index).Kind == RouteKind.Broadcast)
        {
            // The directed broadcast of one of the interface's networks: asked for by address, not guessed.
            return Neighbours.Broadcast;
        }

        var clock = Stopwatch.StartNew();
        using var notifications = new NetlinkSocket(RTNLGRP_NEIGH);
        using var cancellation = new CancellationDescriptor(cancellationToken);
        Provoke();
        for (var isWoken = false; ; isWoken = true)
        {
            var neighbour = Query();
            if (neighbour?.UsableAddress is { } address)
            {
                return address;
            }

            if (neighbour is null && isWoken)
            {
                // The entry was deleted meanwhile, as when the interface goes down.
                CheckInterface();
                Provoke();
            }

            if (neighbour is { HasFailed: true } || !Wait(notifications, cancellation, clock, timeout))
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw Unresolved(clock.Elapsed);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    void CheckInterface()
    {
        if (!NetworkLinks.TryGet(link.Index, out var now))
        {
            throw Gone();
        }

        if (!now.IsUp)
        {
            throw new CustomProtoException(
                FailureKind.Unreachable,
                "InterfaceDown",
                $"The interface '{link.Name}' is down, so {nextHop} can't be reached over it.",
                $"Switch it on: ip link set dev {link.Name} up.",
                link.Name);
        }
    }

    void Provoke()
    {
        if (nextHop.AddressFamily == AddressFamily.InterNetworkV6 && !HasLinkLocalAddress())
        {
            ProvokeByDatagram();
            return;
        }

        var request = Ask(stackalloc byte[128], RTM_NEWNEIGH, new NeighbourMessage { Flags = NTF_USE }, NLM_F_CREATE);
        var error = _requests.Request(request);
        switch (error.Errno)
        {
            case 0:
                break;
            case Errno.EPERM:
                ProvokeByDatagram();
                break;
            default:
                throw Failure(error);
        }
    }

    /// <summary>Whether the kernel has an address to send neighbour solicitations from when no packet gives it one.</summary>
    bool HasLinkLocalAddress()
    {
        var found = false;
        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETADDR);
        request.Append(new AddressMessage { Family = Libc.AF_INET6, Index = link.Index });
        var error = _requests.Dump(
            request,
            (type, body) =>
            {
                // The index is compared too: a kernel without strict checking tells of all interfaces. From an address that is still
                // being checked for duplicates, the kernel doesn't solicit.
                var header = NetlinkMessageReader.ReadHeader<AddressMessage>(body, out _);
                found |= type == RTM_NEWADDR
                    && header.Index == link.Index
                    && header.Scope == RT_SCOPE_LINK
                    && (header.Flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) == 0;
            },
            () => found = false);
        return error.IsError ? throw Failure(error) : found;
    }

    /// <summary>Sends an empty datagram, for which the kernel resolves the neighbour; it needs no privilege.</summary>
    void ProvokeByDatagram()
    {
        const int DiscardPort = 9;
        using var socket = new Socket(nextHop.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Straight out of this interface, whatever the routes say; a socket that isn't bound yet may do so (Linux 5.7).
            socket.SetRawSocketOption(Libc.SOL_SOCKET, Libc.SO_BINDTODEVICE, Encoding.UTF8.GetBytes(link.Name));
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.DontRoute, true);
            socket.SendTo([], new IPEndPoint(WithScope(), DiscardPort));
        }
        catch (SocketException exception)
        {
            throw Failure(new NetlinkError(exception.NativeErrorCode, null));
        }
    }

    IPAddress WithScope() => nextHop.IsIPv6LinkLocal ? new IPAddress(nextHop.GetAddressBytes(), link.Index) : nextHop;

    NetlinkMessageWriter Ask(Span<byte> buffer, ushort type, NeighbourMessage header, ushort flags = 0)
    {
        Span<byte> bytes = stackalloc byte[16];
        nextHop.TryWriteBytes(bytes, out var length);
        header.Family = length == 4 ? (byte)Libc.AF_INET : (byte)Libc.AF_INET6;
        header.Index = link.Index;
        var request = new NetlinkMessageWriter(buffer, type, flags);
        request.Append(header);
        request.Attribute(NDA_DST, bytes[..length]);
        return request;
    }

    /// <summary>Sleeps until the kernel tells of this neighbour.</summary>
    /// <returns>False on expiry and on cancellation.</returns>
    unsafe bool Wait(NetlinkSocket notifications, CancellationDescriptor cancellation, Stopwatch clock, TimeSpan timeout)
    {
        using var news = new BorrowedDescriptor(notifications.Descriptor);
        using var cancelled = new BorrowedDescriptor(cancellation.Descriptor);
        var descriptors = stackalloc Libc.PollDescriptor[]
        {
            new() { Descriptor = news.Value, Events = Libc.POLLIN },
            new() { Descriptor = cancelled.Value, Events = Libc.POLLIN },
        };
        while (true)
        {
            var concerned = false;
            var complete = notifications.Drain((type, body) =>
                concerned |= type is RTM_NEWNEIGH or RTM_DELNEIGH && Concerns(Neighbour.Parse(body)));
            if (concerned || !complete)
            {
                return true;
            }

            var left = Math.Clamp(Math.Ceiling((timeout - clock.Elapsed).TotalMilliseconds), 0, int.MaxValue);
            switch (Libc.Poll(descriptors, 2, timeout == Timeout.InfiniteTimeSpan ? -1 : (int)left))
            {
                case 0:
                    return false;
                case < 0 when Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR:
                    throw Failures.Create(Operation.Wait, errno, $"the neighbour {Target}");
                case > 0 when descriptors[1].Returned != 0:
                    return false;
            }
        }
    }

    bool Concerns(in Neighbour neighbour) =>
        neighbour.InterfaceIndex == link.Index && neighbour.Destination is { } destination
        && destination.GetAddressBytes().AsSpan().SequenceEqual(nextHop.GetAddressBytes());

    CustomProtoException Failure(NetlinkError error) =>
        error.Errno == Errno.ENODEV ? Gone() : error.ToException(Operation.ResolveNeighbour, Target);

    CustomProtoException Gone() => new(
        FailureKind.Gone,
        "InterfaceGone",
        $"The interface '{link.Name}' is gone, so {nextHop} can't be reached over it.",
        "ip -brief link lists the interfaces of this network namespace.",
        link.Name);

    CustomProtoException Unresolved(TimeSpan waited) => new(
        FailureKind.Unreachable,
        "NeighbourUnresolved",
        string.Create(
            CultureInfo.InvariantCulture,
            $"The neighbour {Target} does not answer {Question} (waited {waited.TotalSeconds:0.0} s)."),
        "Check that the host is up and on the same link, or give its MAC address with -DestinationMac.",
        nextHop);
}

using System.Runtime.InteropServices;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>Takes one message of an answer or a notification; the body is borrowed until it returns.</summary>
delegate void NetlinkReceiver(ushort type, ReadOnlySpan<byte> body);

/// <summary>
/// An rtnetlink or generic netlink socket in the network namespace of the thread that opens it. For one thread at a time; requests block only as long
/// as the kernel works on them.
/// </summary>
/// <remarks>Opening and asking need no privilege. See RFC 3549 and include/uapi/linux/netlink.h.</remarks>
sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>How often a dump is begun anew when the table changes meanwhile; then the last, possibly inconsistent one holds.</summary>
    const int DumpAttempts = 10;

    const string NetworkState = "the network state of this namespace";

    readonly FileDescriptor _socket;
    byte[] _buffer = new byte[32 * 1024];
    uint _sequence;

    /// <summary>Opens a socket, and subscribes it to a group of notifications unless that is 0.</summary>
    /// <exception cref="NativeException">The kernel refuses the socket or the subscription.</exception>
    internal NetlinkSocket(uint group = 0)
        : this(Libc.NETLINK_ROUTE, group)
    {
    }

    NetlinkSocket(int protocol, uint group)
    {
        _socket = Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        if (_socket.IsInvalid)
        {
            throw Abandon(Operation.OpenSocket);
        }

        // Without these three (kernel 4.20) answers are only less exact, so a refusal doesn't matter.
        _ = SetOption(Libc.NETLINK_EXT_ACK, 1);
        _ = SetOption(Libc.NETLINK_CAP_ACK, 1);
        _ = SetOption(Libc.NETLINK_GET_STRICT_CHK, 1);

        // Until it is bound the socket has port 0, the kernel's own, and notifications pass it by.
        var address = new Libc.NetlinkAddress { Family = Libc.AF_NETLINK };
        if (Libc.Bind(_socket, &address, (uint)sizeof(Libc.NetlinkAddress)) < 0)
        {
            throw Abandon(Operation.BindSocket);
        }

        if (group != 0 && SetOption(Libc.NETLINK_ADD_MEMBERSHIP, group) < 0)
        {
            throw Abandon(Operation.ConfigureSocket);
        }
    }

    /// <summary>The descriptor, to wait for notifications; the socket stays its owner.</summary>
    internal FileDescriptor Descriptor => _socket;

    /// <summary>Opens a socket for generic netlink, whose families <see cref="Genetlink"/> finds.</summary>
    /// <exception cref="NativeException">The kernel refuses the socket.</exception>
    internal static NetlinkSocket OpenGeneric() => new(Libc.NETLINK_GENERIC, group: 0);

    /// <summary>Sends a request and takes the messages that answer it, up to the kernel's acknowledgement.</summary>
    internal NetlinkError Request(NetlinkMessageWriter request, NetlinkReceiver? receiver = null) =>
        Exchange(request, NLM_F_REQUEST | NLM_F_ACK, receiver, out _);

    /// <summary>Asks for a whole table.</summary>
    /// <param name="request">The request.</param>
    /// <param name="receiver">Takes each message.</param>
    /// <param name="restart">Forgets the messages taken so far: the table changed, and the dump begins anew.</param>
    internal NetlinkError Dump(NetlinkMessageWriter request, NetlinkReceiver receiver, Action restart)
    {
        for (var attempt = 1; ; attempt++)
        {
            var error = Exchange(request, NLM_F_REQUEST | NLM_F_DUMP, receiver, out var inconsistent);
            if (!inconsistent || attempt == DumpAttempts)
            {
                return error;
            }

            restart();
        }
    }

    /// <summary>Takes the notifications that are there, without waiting.</summary>
    /// <returns>False if notifications got lost because too many came (the kernel's ENOBUFS).</returns>
    internal bool Drain(NetlinkReceiver receiver)
    {
        while (true)
        {
            var length = Receive(Libc.MSG_DONTWAIT);
            switch (length)
            {
                case -Errno.EAGAIN:
                    return true;
                case -Errno.ENOBUFS:
                    return false;
                case < 0:
                    throw Failures.Create(Operation.Wait, length, "netlink notifications");
            }

            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.MoveNext())
            {
                if (messages.Type > NLMSG_OVERRUN)
                {
                    receiver(messages.Type, messages.Body);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    NetlinkError Exchange(NetlinkMessageWriter request, ushort flags, NetlinkReceiver? receiver, out bool inconsistent)
    {
        inconsistent = false;
        Send(request.Complete(flags, ++_sequence));
        while (true)
        {
            var length = Receive(flags: 0);
            if (length < 0)
            {
                throw Failures.Create(Operation.QueryNetwork, length, NetworkState);
            }

            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.MoveNext())
            {
                if (messages.Sequence != _sequence)
                {
                    continue;
                }

                inconsistent |= (messages.Flags & NLM_F_DUMP_INTR) != 0;
                switch (messages.Type)
                {
                    case NLMSG_ERROR or NLMSG_DONE:
                        return NetlinkError.Parse(messages.Type, messages.Flags, messages.Body);
                    case > NLMSG_OVERRUN:
                        receiver?.Invoke(messages.Type, messages.Body);
                        break;
                }
            }
        }
    }

    void Send(ReadOnlySpan<byte> message)
    {
        fixed (byte* bytes = message)
        {
            while (Libc.Send(_socket, bytes, (nuint)message.Length, 0) < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    throw Failures.Create(Operation.QueryNetwork, errno, NetworkState);
                }
            }
        }
    }

    /// <summary>Receives a datagram of the kernel's, whole, into the buffer.</summary>
    /// <returns>Its length, or a negative error number.</returns>
    int Receive(int flags)
    {
        while (true)
        {
            // The size first: what doesn't fit into the buffer would be cut off.
            var length = ReceiveOnce(flags | Libc.MSG_PEEK | Libc.MSG_TRUNC, Span<byte>.Empty, out _);
            if (length < 0)
            {
                return length;
            }

            if (length > _buffer.Length)
            {
                _buffer = new byte[length];
            }

            length = ReceiveOnce(flags | Libc.MSG_TRUNC, _buffer, out var sender);
            if (length > _buffer.Length)
            {
                throw NetlinkMessageReader.Malformed($"{length} bytes came where {_buffer.Length} were announced");
            }

            // Any process may send to a netlink port; only port 0 is the kernel.
            if (length < 0 || sender == 0)
            {
                return length;
            }
        }
    }

    int ReceiveOnce(int flags, Span<byte> buffer, out uint sender)
    {
        Libc.NetlinkAddress address = default;
        var addressLength = (uint)sizeof(Libc.NetlinkAddress);
        fixed (byte* bytes = buffer)
        {
            nint length;
            while ((length = Libc.RecvFrom(_socket, bytes, (nuint)buffer.Length, flags, &address, &addressLength)) < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    sender = 0;
                    return -errno;
                }
            }

            sender = address.PortId;
            return checked((int)length);
        }
    }

    int SetOption(int option, uint value) => Libc.SetSockOpt(_socket, Libc.SOL_NETLINK, option, &value, sizeof(uint));

    NativeException Abandon(Operation operation)
    {
        var errno = Marshal.GetLastPInvokeError();
        _socket.Dispose();
        return Failures.Create(operation, errno, operation == Operation.BindSocket ? "the kernel's routing tables" : "a netlink socket");
    }
}

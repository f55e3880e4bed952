using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>A UDP socket. Needs no privilege. Part by concern: this one opens, configures and tells errors.</summary>
sealed unsafe partial class UdpSocket : IDisposable
{
    readonly AddressFamily _family;

    /// <summary>Opens a socket.</summary>
    /// <param name="family">IPv4 or IPv6.</param>
    /// <param name="receives">Whether what comes in is kept, with its time, for <see cref="TryReceive"/>; otherwise it is dropped.</param>
    /// <exception cref="NativeException">The kernel refuses it.</exception>
    internal UdpSocket(AddressFamily family, bool receives = false)
    {
        _family = family;
        var domain = family == AddressFamily.InterNetworkV6 ? Libc.AF_INET6 : Libc.AF_INET;
        Descriptor = Libc.Socket(domain, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (Descriptor.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            Descriptor.Dispose();
            throw Failures.Create(Operation.OpenSocket, errno, "a UDP socket");
        }

        if (receives)
        {
            StampIncoming();
        }
        else
        {
            DropIncoming();
        }
    }

    /// <summary>The socket; this object stays its owner.</summary>
    internal FileDescriptor Descriptor { get; }

    /// <summary>The address and port that it is bound to.</summary>
    internal IPEndPoint LocalEndPoint
    {
        get
        {
            var address = new SocketAddress(_family);
            var length = (uint)address.Size;
            fixed (byte* bytes = address.Buffer.Span)
            {
                if (Libc.GetSockName(Descriptor, bytes, &length) < 0)
                {
                    throw Failures.Create(Operation.ConfigureSocket, Marshal.GetLastPInvokeError(), "a UDP socket");
                }
            }

            return (IPEndPoint)new IPEndPoint(IPAddress.None, 0).Create(address);
        }
    }

    /// <summary>Sends from a port, and from an address unless that is the unspecified one.</summary>
    internal void Bind(IPEndPoint local)
    {
        var address = local.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            if (Libc.Bind(Descriptor, bytes, (uint)address.Size) < 0)
            {
                throw Failures.Create(Operation.BindSocket, Marshal.GetLastPInvokeError(), local.ToString());
            }
        }
    }

    /// <summary>Settles the receiver, and with it the route and the source address.</summary>
    internal void Connect(IPEndPoint remote)
    {
        var address = remote.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            if (Libc.Connect(Descriptor, bytes, (uint)address.Size) < 0)
            {
                throw Failures.Create(Operation.Send, Marshal.GetLastPInvokeError(), remote.ToString());
            }
        }
    }

    /// <summary>Sends by one interface only; without privilege since Linux 5.7.</summary>
    internal void BindToDevice(string name)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(name))
        {
            if (Libc.SetSockOpt(Descriptor, Libc.SOL_SOCKET, Libc.SO_BINDTODEVICE, bytes, (uint)Encoding.UTF8.GetByteCount(name)) < 0)
            {
                throw Failures.Create(Operation.BindSocket, Marshal.GetLastPInvokeError(), $"'{name}'");
            }
        }
    }

    /// <summary>Sets an option, by its name for IPv4 or for IPv6.</summary>
    internal void SetOption(int ipv4, int ipv6, int value)
    {
        var (level, name) = _family == AddressFamily.InterNetworkV6 ? (Libc.SOL_IPV6, ipv6) : (Libc.SOL_IP, ipv4);
        if (Libc.SetSockOpt(Descriptor, level, name, &value, sizeof(int)) < 0)
        {
            throw Failures.Create(Operation.ConfigureSocket, Marshal.GetLastPInvokeError(), "a UDP socket");
        }
    }

    /// <summary>Takes the next error off the socket's queue, which IP_RECVERR fills (ip(7)).</summary>
    /// <param name="error">What the kernel or an ICMP message says.</param>
    /// <returns>False if there is none.</returns>
    internal bool TryTakeError(out Libc.ExtendedError error)
    {
        // The packet that it is about isn't asked for. After the error comes the address of who complains.
        const int ControlLength = 128;
        var control = stackalloc byte[ControlLength];
        var message = new Libc.MessageHeader { Control = control, ControlLength = ControlLength };
        error = default;
        if (Libc.RecvMsg(Descriptor, &message, Libc.MSG_ERRQUEUE | Libc.MSG_DONTWAIT) < 0)
        {
            return false;
        }

        var rest = new ReadOnlySpan<byte>(control, (int)message.ControlLength);
        while (MemoryMarshal.TryRead<Libc.ControlHeader>(rest, out var header))
        {
            if ((header.Level, header.Type) is (Libc.SOL_IP, Libc.IP_RECVERR) or (Libc.SOL_IPV6, Libc.IPV6_RECVERR))
            {
                return MemoryMarshal.TryRead(rest[sizeof(Libc.ControlHeader)..], out error);
            }

            var length = ((int)header.Length + sizeof(nuint) - 1) & -sizeof(nuint);
            if (length < sizeof(Libc.ControlHeader) || length > rest.Length)
            {
                break;
            }

            rest = rest[length..];
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    /// <summary>
    /// Drops what comes in before it takes memory: nobody reads it here. The network stack still takes it as delivered, and answers
    /// nobody with ICMP port unreachable.
    /// </summary>
    void DropIncoming()
    {
        const ushort BPF_RET = 0x06;
        var keepNothing = new Libc.FilterInstruction { Code = BPF_RET, Operand = 0 };
        var program = new Libc.FilterProgram { Count = 1, Instructions = &keepNothing };

        // A refusal would only cost the memory of the receive buffer.
        _ = Libc.SetSockOpt(Descriptor, Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, &program, (uint)sizeof(Libc.FilterProgram));
    }
}

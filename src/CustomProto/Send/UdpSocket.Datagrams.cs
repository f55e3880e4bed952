using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using CustomProto.Native;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <content>Single datagrams, out and in.</content>
sealed unsafe partial class UdpSocket
{
    /// <summary>Room for the sender's address, IPv4 or IPv6.</summary>
    const int MaxAddressLength = 28;

    /// <summary>Hands a datagram to the kernel.</summary>
    /// <exception cref="NativeException">The kernel refuses it.</exception>
    internal void SendTo(ReadOnlySpan<byte> payload, IPEndPoint remote)
    {
        var address = remote.Serialize();
        fixed (byte* bytes = payload, name = address.Buffer.Span)
        {
            while (Libc.SendTo(Descriptor, bytes, (nuint)payload.Length, 0, name, (uint)address.Size) < 0)
            {
                if (Marshal.GetLastPInvokeError() is var errno && errno != Errno.EINTR)
                {
                    throw Failures.Create(Operation.Send, errno, remote.ToString());
                }
            }
        }
    }

    /// <summary>Takes a datagram if one is there. An error that waits instead is left for <see cref="TryTakeError"/>.</summary>
    /// <param name="buffer">Room for it; a longer one is cut.</param>
    /// <param name="datagram">What is known of it.</param>
    internal bool TryReceive(Span<byte> buffer, out ReceivedDatagram datagram)
    {
        const int ControlLength = 128;
        var name = stackalloc byte[MaxAddressLength];
        var control = stackalloc byte[ControlLength];
        fixed (byte* bytes = buffer)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)buffer.Length };
            var message = new Libc.MessageHeader
            {
                Name = name,
                NameLength = MaxAddressLength,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlLength,
            };
            var length = Libc.RecvMsg(Descriptor, &message, Libc.MSG_DONTWAIT);
            if (length < 0)
            {
                datagram = default;
                return false;
            }

            var time = ReadTime(new ReadOnlySpan<byte>(control, (int)message.ControlLength));
            datagram = ReadSource(new ReadOnlySpan<byte>(name, MaxAddressLength)) with { Length = (int)length, RealtimeNanoseconds = time };
            return true;
        }
    }

    static ReceivedDatagram ReadSource(ReadOnlySpan<byte> address)
    {
        // struct sockaddr_in and sockaddr_in6: family, port, then the address, which with IPv6 comes after the flow label.
        var isIPv6 = MemoryMarshal.Read<ushort>(address) == Libc.AF_INET6;
        return new ReceivedDatagram
        {
            Source = InternetAddress.From(address[(isIPv6 ? 8 : 4)..], isIPv6),
            SourcePort = BinaryPrimitives.ReadUInt16BigEndian(address[2..]),
        };
    }

    /// <summary>The first time in a socket's only kind of control message, that of the software; 0 without one.</summary>
    static long ReadTime(ReadOnlySpan<byte> control)
    {
        const long NanosecondsPerSecond = 1_000_000_000;
        return MemoryMarshal.TryRead<Libc.ControlHeader>(control, out var header)
            && (header.Level, header.Type) is (Libc.SOL_SOCKET, Libc.SO_TIMESTAMPING)
            && MemoryMarshal.TryRead<Libc.TimeSpec>(control[sizeof(Libc.ControlHeader)..], out var time)
            ? (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds
            : 0;
    }

    /// <summary>
    /// Has the network stack note when each datagram came in. It begins to a moment later; until then a datagram has no time, where
    /// SO_TIMESTAMPNS would give that of the reading for it.
    /// </summary>
    void StampIncoming()
    {
        var flags = Libc.SOF_TIMESTAMPING_RX_SOFTWARE | Libc.SOF_TIMESTAMPING_SOFTWARE;
        _ = Libc.SetSockOpt(Descriptor, Libc.SOL_SOCKET, Libc.SO_TIMESTAMPING, &flags, sizeof(int));
    }
}

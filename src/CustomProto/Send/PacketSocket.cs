using System.Runtime.InteropServices;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>AF_PACKET sockets that only send (packet(7)).</summary>
static unsafe class PacketSocket
{
    /// <summary>How many sockets are closed aside at a time: a loop that sends opens them faster than the kernel lets go of them.</summary>
    internal const int MaxClosing = 16;

    static int s_closing;

    /// <summary>Opens a socket for whole frames and binds it to an interface. Needs CAP_NET_RAW.</summary>
    /// <exception cref="NativeException">
    /// The capability is missing (<see cref="FailureKind.PermissionDenied"/>, OpenSocketFailed).
    /// </exception>
    internal static FileDescriptor Open(NetworkLink link, string? hint = null)
    {
        // Protocol 0: no frame is ever queued to it, so it costs nothing to leave it unread.
        var socket = Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        try
        {
            if (socket.IsInvalid)
            {
                throw Failures.Create(Operation.OpenSocket, Marshal.GetLastPInvokeError(), $"a raw socket on '{link.Name}'", hint);
            }

            var address = new Libc.PacketAddress { Family = Libc.AF_PACKET, InterfaceIndex = link.Index };
            if (Libc.Bind(socket, &address, (uint)sizeof(Libc.PacketAddress)) < 0)
            {
                throw Failures.Create(Operation.BindSocket, Marshal.GetLastPInvokeError(), $"'{link.Name}'");
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Closes a socket on a thread of its own, without waiting for it: close(2) sleeps until every CPU has let go of the socket
    /// (synchronize_net in packet_release, net/packet/af_packet.c), 4 to 20 ms, which is longer than all the rest of sending a message.
    /// Where too many are being closed, it waits.
    /// </summary>
    internal static void CloseAside(FileDescriptor socket)
    {
        if (Interlocked.Increment(ref s_closing) > MaxClosing)
        {
            Close();
        }
        else
        {
            new Thread(Close) { IsBackground = true }.Start();
        }

        void Close()
        {
            socket.Dispose();
            Interlocked.Decrement(ref s_closing);
        }
    }
}

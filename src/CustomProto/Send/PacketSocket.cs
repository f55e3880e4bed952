using System.Runtime.InteropServices;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Send;

/// <summary>AF_PACKET sockets that only send (packet(7)).</summary>
static unsafe class PacketSocket
{
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
}

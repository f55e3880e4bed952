using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;

namespace CustomProto.Net;

/// <summary>
/// Generic netlink: families of messages that get their numbers at run time (include/uapi/linux/genetlink.h). Asking needs no privilege.
/// </summary>
static class Genetlink
{
    internal const ushort GENL_ID_CTRL = 16;
    internal const byte CTRL_CMD_GETFAMILY = 3;
    internal const ushort CTRL_ATTR_FAMILY_ID = 1;
    internal const ushort CTRL_ATTR_FAMILY_NAME = 2;

    /// <summary>The number of a family, or <see langword="null"/> where the kernel doesn't have it.</summary>
    internal static ushort? FindFamily(NetlinkSocket socket, string name)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[64], GENL_ID_CTRL);
        request.Append(new GenericHeader { Command = CTRL_CMD_GETFAMILY, Version = 1 });
        request.Attribute(CTRL_ATTR_FAMILY_NAME, Encoding.UTF8.GetBytes(name + '\0'));
        ushort? family = null;
        var error = socket.Request(request, (_, body) => family = ReadFamily(body) ?? family);
        return error.Errno switch
        {
            0 => family,
            Errno.ENOENT => null,
            _ => throw error.ToException(Operation.QueryNetwork, $"the netlink family '{name}'"),
        };
    }

    /// <summary>Reads the number out of a CTRL_CMD_NEWFAMILY message.</summary>
    internal static ushort? ReadFamily(ReadOnlySpan<byte> body)
    {
        NetlinkMessageReader.ReadHeader<GenericHeader>(body, out var attributes);
        while (attributes.MoveNext())
        {
            if (attributes.Type == CTRL_ATTR_FAMILY_ID)
            {
                return attributes.Read<ushort>();
            }
        }

        return null;
    }

    /// <summary><c>struct genlmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct GenericHeader
    {
        internal byte Command;
        internal byte Version;
        internal ushort Reserved;
    }
}

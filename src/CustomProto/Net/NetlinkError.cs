using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>How the kernel ended a request.</summary>
/// <param name="Errno">The error number, positive, or 0 if all went well.</param>
/// <param name="Detail">What the kernel says about it in words (the extended acknowledgement), if it does.</param>
readonly record struct NetlinkError(int Errno, string? Detail)
{
    /// <summary>Whether the request was refused.</summary>
    internal bool IsError => Errno != 0;

    /// <summary>Reads the body of <c>NLMSG_ERROR</c> or, in dumps, of <c>NLMSG_DONE</c>.</summary>
    internal static NetlinkError Parse(ushort type, ushort flags, ReadOnlySpan<byte> body)
    {
        if (!MemoryMarshal.TryRead(body, out int result))
        {
            // Dumps may end without a word.
            return type == NLMSG_DONE ? default : throw NetlinkMessageReader.Malformed("an error message is cut off");
        }

        // Not negated before the test: int.MinValue has no positive.
        var errno = result is < 0 and > int.MinValue ? -result : 0;
        return new NetlinkError(errno, errno != 0 && (flags & NLM_F_ACK_TLVS) != 0 ? ReadDetail(type, flags, body[sizeof(int)..]) : null);
    }

    /// <summary>Makes the exception for the refused request.</summary>
    internal NativeException ToException(Operation operation, string target, string? hint = null) =>
        Failures.Create(operation, Errno, target, hint, detail: Detail);

    static string? ReadDetail(ushort type, ushort flags, ReadOnlySpan<byte> rest)
    {
        if (type == NLMSG_ERROR)
        {
            // struct nlmsgerr repeats the header of the request, and all of it where NETLINK_CAP_ACK isn't in force.
            if (!MemoryMarshal.TryRead(rest, out MessageHeader request))
            {
                throw NetlinkMessageReader.Malformed("an error message is cut off");
            }

            var repeated = (flags & NLM_F_CAPPED) != 0 ? (uint)Unsafe.SizeOf<MessageHeader>() : request.Length;
            if (repeated > rest.Length)
            {
                throw NetlinkMessageReader.Malformed("an error message is shorter than the request that it repeats");
            }

            rest = rest[(int)Math.Min((repeated + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1u), (uint)rest.Length)..];
        }

        var attributes = new NetlinkAttributeReader(rest);
        while (attributes.MoveNext())
        {
            if (attributes.Type == NLMSGERR_ATTR_MSG)
            {
                return attributes.ReadText();
            }
        }

        return null;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>Walks over the messages of one received datagram, borrowed from the socket's buffer.</summary>
/// <remarks>A length that leaves the datagram is a <see cref="CustomProtoException"/>, never a read outside of it.</remarks>
ref struct NetlinkMessageReader(ReadOnlySpan<byte> datagram)
{
    ReadOnlySpan<byte> _rest = datagram;
    MessageHeader _header;

    /// <summary>What kind of message it is: <c>RTM_*</c> or <c>NLMSG_*</c>.</summary>
    internal readonly ushort Type => _header.Type;

    /// <summary><c>NLM_F_*</c>.</summary>
    internal readonly ushort Flags => _header.Flags;

    /// <summary>The sequence number of the request that the message answers; 0 in notifications.</summary>
    internal readonly uint Sequence => _header.Sequence;

    /// <summary>What follows the message header.</summary>
    internal ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>Goes to the next message.</summary>
    internal bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var headerLength = Unsafe.SizeOf<MessageHeader>();
        if (_rest.Length < headerLength)
        {
            throw Malformed("a message header is cut off");
        }

        _header = ReadUnchecked<MessageHeader>(_rest);
        if (_header.Length < headerLength || _header.Length > _rest.Length)
        {
            throw Malformed($"a message says it is {_header.Length} bytes long where {_rest.Length} are left");
        }

        var length = (int)_header.Length;
        Body = _rest[headerLength..length];
        _rest = _rest[Math.Min((length + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1), _rest.Length)..];
        return true;
    }

    /// <summary>Reads the structure that a message body starts with, and gives the attributes behind it.</summary>
    internal static T ReadHeader<T>(ReadOnlySpan<byte> body, out NetlinkAttributeReader attributes)
        where T : unmanaged
    {
        if (body.Length < Unsafe.SizeOf<T>())
        {
            throw Malformed($"a message body has {body.Length} bytes, fewer than {Unsafe.SizeOf<T>()}");
        }

        attributes = new NetlinkAttributeReader(body[Unsafe.SizeOf<T>()..]);
        return ReadUnchecked<T>(body);
    }

    /// <summary>Reads a structure from bytes that the caller has found to be enough.</summary>
    /// <remarks>Unlike MemoryMarshal's methods, it has machine code for the library's own structures before the program starts.</remarks>
    internal static T ReadUnchecked<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref MemoryMarshal.GetReference(bytes));

    /// <summary>The failure for data that is not what the kernel's headers promise.</summary>
    internal static CustomProtoException Malformed(string what) =>
        new(FailureKind.InvalidData, "NetlinkMessageMalformed", $"The kernel's answer over netlink can't be read: {what}.");
}

using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>Walks over a sequence of netlink attributes, borrowed from the message.</summary>
/// <remarks>
/// Lengths are checked before anything is read; an attribute that is too short for its type, or longer than what is left, is a
/// <see cref="CustomProtoException"/> of kind <see cref="FailureKind.InvalidData"/>. Longer than needed is fine: the kernel
/// lets structures grow.
/// </remarks>
ref struct NetlinkAttributeReader(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Which attribute it is, without the flags for nesting and byte order.</summary>
    internal ushort Type { get; private set; }

    /// <summary>The attribute's value.</summary>
    internal ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next attribute.</summary>
    internal bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var headerLength = Unsafe.SizeOf<AttributeHeader>();
        if (_rest.Length < headerLength)
        {
            throw NetlinkMessageReader.Malformed("an attribute header is cut off");
        }

        var header = NetlinkMessageReader.ReadUnchecked<AttributeHeader>(_rest);
        if (header.Length < headerLength || header.Length > _rest.Length)
        {
            throw NetlinkMessageReader.Malformed($"an attribute says it is {header.Length} bytes long where {_rest.Length} are left");
        }

        Type = (ushort)(header.Type & NLA_TYPE_MASK);
        Value = _rest[headerLength..header.Length];
        _rest = _rest[Math.Min((header.Length + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1), _rest.Length)..];
        return true;
    }

    /// <summary>The attributes inside this one.</summary>
    internal readonly NetlinkAttributeReader Nested() => new(Value);

    /// <summary>The value as a number or a structure in host byte order.</summary>
    internal readonly T Read<T>()
        where T : unmanaged =>
        Value.Length >= Unsafe.SizeOf<T>()
            ? NetlinkMessageReader.ReadUnchecked<T>(Value)
            : throw NetlinkMessageReader.Malformed($"attribute {Type} has {Value.Length} bytes, fewer than {Unsafe.SizeOf<T>()}");

    /// <summary>The value as text; it ends with the first zero byte, or with the attribute.</summary>
    internal readonly string ReadText()
    {
        var end = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
    }

    /// <summary>The value as an address of 4 or 16 bytes; a link-local IPv6 address gets the interface as its scope.</summary>
    internal readonly IPAddress ReadAddress(int interfaceIndex) => ToAddress(Value, interfaceIndex);

    /// <inheritdoc cref="ReadAddress"/>
    internal static IPAddress ToAddress(ReadOnlySpan<byte> value, int interfaceIndex)
    {
        if (value.Length is not (4 or 16))
        {
            throw NetlinkMessageReader.Malformed($"an IP address has {value.Length} bytes");
        }

        var address = new IPAddress(value);
        return address.IsIPv6LinkLocal ? new IPAddress(value, (uint)interfaceIndex) : address;
    }
}

using System.Buffers.Binary;
using System.Globalization;

namespace CustomProto.Protocol;

/// <summary>
/// Takes a packet apart for a person to read: every byte with the field it belongs to. Packets that are wrong are shown as far as they
/// make sense, and the rest as bytes.
/// </summary>
public sealed partial class PacketDump
{
    readonly ProtocolDefinition _protocol;
    readonly byte[] _bytes;
    readonly List<PacketDumpLine> _lines = [];
    int _at;

    PacketDump(ProtocolDefinition protocol, ReadOnlySpan<byte> bytes)
    {
        _protocol = protocol;
        _bytes = bytes.ToArray();
    }

    int Left => _bytes.Length - _at;

    /// <summary>Names the fields of a frame, from the Ethernet header on.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="frame">The frame.</param>
    public static IReadOnlyList<PacketDumpLine> OfFrame(ProtocolDefinition protocol, ReadOnlySpan<byte> frame)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        var dump = new PacketDump(protocol, frame);
        dump.AddEthernet();
        dump.AddRest("(more bytes)");
        return dump._lines;
    }

    /// <summary>Names the fields of the payload of a UDP datagram.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="payload">The payload.</param>
    public static IReadOnlyList<PacketDumpLine> OfPayload(ProtocolDefinition protocol, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        var dump = new PacketDump(protocol, payload);
        dump.AddPayload(payload.Length);
        return dump._lines;
    }

    /// <summary>The protocol's header by its definition, then data, then what follows it.</summary>
    void AddPayload(int length)
    {
        var start = _at;
        var end = Math.Min(_bytes.Length, start + length);
        if (end - start < _protocol.HeaderSize)
        {
            AddUpTo(end, $"{_protocol.Name} (cut)");
            return;
        }

        var header = _bytes.AsSpan(start, _protocol.HeaderSize).ToArray();
        foreach (var field in _protocol.Fields.OrderBy(field => field.Offset))
        {
            AddUpTo(start + field.Offset, $"{_protocol.Name} (unused)");
            Add(field.Width, $"{_protocol.Name} {field.Name}", ShowField(field, header));
        }

        AddUpTo(start + _protocol.HeaderSize, $"{_protocol.Name} (unused)");
        AddText(Math.Min(end, _at + DataLength(header, end - _at)), "Data");
        AddText(end, "(trailing bytes)");
    }

    /// <summary>How many bytes the length field takes for data; all there are where it can't be.</summary>
    int DataLength(byte[] header, int room)
    {
        if (_protocol.Length is not { } field)
        {
            return room;
        }

        var value = _protocol.Read(field, header);
        var counted = _protocol.LengthCountsHeader ? (ulong)_protocol.HeaderSize : 0;
        return value < counted || value - counted > (ulong)room ? room : (int)(value - counted);
    }

    string ShowField(ProtocolField field, byte[] header)
    {
        var value = _protocol.Read(field, header);
        var number = field.Role is FieldRole.Length or FieldRole.Type || field.Width == 1
            ? value.ToString(CultureInfo.InvariantCulture)
            : "0x" + value.ToString($"X{2 * field.Width}", CultureInfo.InvariantCulture);
        return field switch
        {
            { Role: FieldRole.Type } when _protocol.TypeNames.TryGetValue((byte)value, out var name) => $"{number} ({name})",
            { Value: { } right } when right != value => $"{number} (wrong)",
            _ => number,
        };
    }

    void Add(int length, string field, string value)
    {
        if (length > 0)
        {
            _lines.Add(new PacketDumpLine(_at, _bytes[_at..(_at + length)], field, value));
            _at += length;
        }
    }

    void AddUpTo(int end, string field)
    {
        if (end > _at)
        {
            Add(Math.Min(end, _bytes.Length) - _at, field, "");
        }
    }

    void AddRest(string field) => AddText(_bytes.Length, field);

    /// <summary>Bytes in lines of sixteen with their characters beside them; many are left out.</summary>
    void AddText(int end, string field)
    {
        const int MostBytes = 16 * PacketDumpLine.Width;
        var shown = Math.Min(end, _at + MostBytes);
        while (_at < shown)
        {
            var row = _bytes.AsSpan(_at, Math.Min(PacketDumpLine.Width, shown - _at));
            Add(row.Length, field, Characters(row));
        }

        if (end > shown)
        {
            _lines.Add(new PacketDumpLine(_at, [], field, Invariant($"(another {end - shown:N0} bytes)")));
            _at = end;
        }
    }

    /// <summary>The printable characters of ASCII, and a point for every other byte.</summary>
    static string Characters(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = stackalloc char[PacketDumpLine.Width];
        for (var i = 0; i < bytes.Length; i++)
        {
            characters[i] = bytes[i] is >= 0x20 and < 0x7f ? (char)bytes[i] : '.';
        }

        return new string(characters[..bytes.Length]);
    }

    ushort Word(int offset) => BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(offset));

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

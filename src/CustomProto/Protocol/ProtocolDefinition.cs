using System.Buffers.Binary;
using System.Collections.ObjectModel;

namespace CustomProto.Protocol;

/// <summary>
/// The description of a protocol carried in UDP: the one source for the kernel's parser, the senders and the messages.
/// Immutable; valid by construction.
/// </summary>
public sealed class ProtocolDefinition
{
    /// <summary>How many ports a definition may have.</summary>
    public const int MaxPorts = 4;

    /// <summary>The largest header, in bytes.</summary>
    public const int MaxHeaderSize = 64;

    static readonly ReadOnlyDictionary<byte, string> s_defaultTypeNames = new(new Dictionary<byte, string>
    {
        [(byte)MessageType.Request] = nameof(MessageType.Request),
        [(byte)MessageType.Response] = nameof(MessageType.Response),
    });

    /// <summary>Makes a definition.</summary>
    /// <param name="name">The protocol's name.</param>
    /// <param name="ports">The UDP ports, 1 to 65,535, at most <see cref="MaxPorts"/>; packets to or from one of them belong to the protocol.</param>
    /// <param name="headerSize">The size of the header in bytes, 1 to <see cref="MaxHeaderSize"/>.</param>
    /// <param name="fields">The header's fields, at most one of each role but <see cref="FieldRole.Plain"/>.</param>
    /// <param name="byteOrder">The order of the bytes in fields of more than one.</param>
    /// <param name="lengthCountsHeader">Whether the length field's value includes the header.</param>
    /// <param name="typeNames">Names of type values.</param>
    /// <exception cref="CustomProtoException">The parts don't make a protocol; the message says which.</exception>
    public ProtocolDefinition(
        string name,
        IEnumerable<int> ports,
        int headerSize,
        IEnumerable<ProtocolField> fields,
        ByteOrder byteOrder = ByteOrder.BigEndian,
        bool lengthCountsHeader = false,
        IReadOnlyDictionary<byte, string>? typeNames = null)
    {
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(fields);
        Name = name;
        Ports = [.. ports];
        HeaderSize = headerSize;
        Fields = [.. fields];
        ByteOrder = byteOrder;
        LengthCountsHeader = lengthCountsHeader;
        TypeNames = typeNames is null || ReferenceEquals(typeNames, s_defaultTypeNames) ? s_defaultTypeNames : new ReadOnlyDictionary<byte, string>(new Dictionary<byte, string>(typeNames));
        ProtocolValidation.Check(this);

        Magic = Fields.FirstOrDefault(field => field.Role == FieldRole.Magic);
        Version = Fields.FirstOrDefault(field => field.Role == FieldRole.Version);
        Type = Fields.FirstOrDefault(field => field.Role == FieldRole.Type);
        Length = Fields.FirstOrDefault(field => field.Role == FieldRole.Length);
    }

    /// <summary>The built-in protocol: magic 0xCAFE, version 1, type, length, on UDP port 12345, big-endian.</summary>
    public static ProtocolDefinition Default { get; } = new(
        "CustomProto",
        ports: [12345],
        headerSize: 6,
        fields:
        [
            new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xCAFE),
            new ProtocolField("Version", 2, 1, FieldRole.Version, 1),
            new ProtocolField("Type", 3, 1, FieldRole.Type),
            new ProtocolField("Length", 4, 2, FieldRole.Length),
        ]);

    /// <summary>The protocol's name.</summary>
    public string Name { get; }

    /// <summary>The UDP ports; the first is the one that is sent to.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The size of the header in bytes.</summary>
    public int HeaderSize { get; }

    /// <summary>The fields of the header.</summary>
    public IReadOnlyList<ProtocolField> Fields { get; }

    /// <summary>The order of the bytes in fields of more than one.</summary>
    public ByteOrder ByteOrder { get; }

    /// <summary>Whether the length field's value includes the header.</summary>
    public bool LengthCountsHeader { get; }

    /// <summary>Names of type values.</summary>
    public IReadOnlyDictionary<byte, string> TypeNames { get; }

    /// <summary>The magic field, if the protocol has one.</summary>
    public ProtocolField? Magic { get; }

    /// <summary>The version field, if the protocol has one.</summary>
    public ProtocolField? Version { get; }

    /// <summary>The type field, if the protocol has one.</summary>
    public ProtocolField? Type { get; }

    /// <summary>The length field, if the protocol has one; without it, data is the rest of the UDP payload.</summary>
    public ProtocolField? Length { get; }

    /// <summary>The name of a type value; its number where it has none.</summary>
    public string TypeName(MessageType type) =>
        TypeNames.TryGetValue((byte)type, out var name) ? name : ((byte)type).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads a field's value from a header.</summary>
    /// <param name="field">A field of this definition.</param>
    /// <param name="header">At least the header's bytes.</param>
    public ulong Read(ProtocolField field, ReadOnlySpan<byte> header)
    {
        ArgumentNullException.ThrowIfNull(field);
        var bytes = header.Slice(field.Offset, field.Width);
        var big = ByteOrder == ByteOrder.BigEndian;
        return field.Width switch
        {
            1 => bytes[0],
            2 => big ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            4 => big ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => big ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
    }

    /// <summary>Writes a field's value into a header; bits that don't fit are cut off.</summary>
    /// <param name="field">A field of this definition.</param>
    /// <param name="header">At least the header's bytes.</param>
    /// <param name="value">The value.</param>
    public void Write(ProtocolField field, Span<byte> header, ulong value)
    {
        ArgumentNullException.ThrowIfNull(field);
        var bytes = header.Slice(field.Offset, field.Width);
        for (var i = 0; i < field.Width; i++)
        {
            var shift = 8 * (ByteOrder == ByteOrder.BigEndian ? field.Width - 1 - i : i);
            bytes[i] = (byte)(value >> shift);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

using System.Collections;
using System.Management.Automation;
using System.Net;
using CustomProto.Protocol;

namespace CustomProto.PowerShell;

/// <summary>
/// Makes a message again of what a job, a remote shell or a file gave back. The properties say all there is to know but the protocol, which
/// is looked up by its name: the built-in one, or one that is in use here. A message of any other protocol stays a bag of properties.
/// </summary>
public sealed class CustomMessageConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is PSObject source && destinationType == typeof(CustomMessage) && FindProtocol(source) is not null;

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        var source = (PSObject)sourceValue;
        var protocol = FindProtocol(source) ?? throw new PSInvalidCastException("The message is of a protocol that isn't known here.");
        return new CustomMessage(
            protocol,
            MakePayload(protocol, source),
            Read<int>(source, nameof(CustomMessage.Length)),
            Read<int>(source, nameof(CustomMessage.TrailingBytes)),
            MakePacket(source),
            Read<long>(source, nameof(CustomMessage.LostBefore)));
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException();

    static ProtocolDefinition? FindProtocol(PSObject source) => KnownProtocols.Find(Value(source, nameof(CustomMessage.Protocol)) as string);

    /// <summary>Builds the header anew: constants from the protocol, what varies from the properties.</summary>
    static byte[] MakePayload(ProtocolDefinition protocol, PSObject source)
    {
        var data = Read<byte[]>(source, nameof(CustomMessage.Data));
        var payload = new byte[protocol.HeaderSize + data.Length];
        data.CopyTo(payload, protocol.HeaderSize);
        foreach (var field in protocol.Fields)
        {
            protocol.Write(field, payload, field.Role switch
            {
                FieldRole.Version => Read<ulong>(source, nameof(CustomMessage.Version)),
                FieldRole.Type => Read<byte>(source, nameof(CustomMessage.Type)),
                FieldRole.Length => (ulong)(Read<int>(source, nameof(CustomMessage.Length)) + (protocol.LengthCountsHeader ? protocol.HeaderSize : 0)),
                FieldRole.Plain => ReadField(source, field.Name),
                _ => field.Value ?? 0,
            });
        }

        return payload;
    }

    static PacketMetadata MakePacket(PSObject source)
    {
        var vlans = Read<int[]>(source, nameof(CustomMessage.VlanId));
        var timestampSource = Read<TimestampSource>(source, nameof(CustomMessage.TimestampSource));
        return new PacketMetadata
        {
            MonotonicNanoseconds = Read<long>(source, nameof(CustomMessage.MonotonicNanoseconds)),
            UnixNanoseconds = timestampSource == TimestampSource.None ? 0 : ReadUnixNanoseconds(source),
            TimestampSource = timestampSource,
            HardwareNanoseconds = Read<long?>(source, nameof(CustomMessage.HardwareNanoseconds)) ?? 0,
            Interface = Value(source, nameof(CustomMessage.Interface)) as string,
            Cpu = Read<int>(source, nameof(CustomMessage.Cpu)),
            Direction = Read<PacketDirection>(source, nameof(CustomMessage.Direction)),
            Source = ReadAddress(source, nameof(CustomMessage.SourceAddress)),
            Destination = ReadAddress(source, nameof(CustomMessage.DestinationAddress)),
            SourcePort = Read<ushort>(source, nameof(CustomMessage.SourcePort)),
            DestinationPort = Read<ushort>(source, nameof(CustomMessage.DestinationPort)),
            SourceMac = MacAddress.Parse(Read<string>(source, nameof(CustomMessage.SourceMac))),
            DestinationMac = MacAddress.Parse(Read<string>(source, nameof(CustomMessage.DestinationMac))),
            VlanCount = vlans.Length,
            OuterVlanId = (ushort)vlans.ElementAtOrDefault(0),
            InnerVlanId = (ushort)vlans.ElementAtOrDefault(1),
        };
    }

    /// <summary>The time to 100 ns, which is what a DateTimeOffset holds. PowerShell gives it back as a bag of its properties.</summary>
    static long ReadUnixNanoseconds(PSObject source)
    {
        var ticks = Value(source, nameof(CustomMessage.Timestamp)) switch
        {
            DateTimeOffset time => time.UtcTicks,
            { } bag => Read<long>(PSObject.AsPSObject(bag), nameof(DateTimeOffset.UtcTicks)),
            _ => DateTimeOffset.UnixEpoch.UtcTicks,
        };
        return (ticks - DateTimeOffset.UnixEpoch.UtcTicks) * TimeSpan.NanosecondsPerTick;
    }

    static InternetAddress ReadAddress(PSObject source, string name) => Value(source, name) switch
    {
        null => default,
        IPAddress address => InternetAddress.From(address),
        var text => InternetAddress.From(IPAddress.Parse(text.ToString()!)),
    };

    static ulong ReadField(PSObject source, string name)
    {
        var fields = Value(source, nameof(CustomMessage.Fields)) as IDictionary;
        return fields?[name] is { } value ? LanguagePrimitives.ConvertTo<ulong>(value) : 0;
    }

    static T Read<T>(PSObject source, string name) => LanguagePrimitives.ConvertTo<T>(Value(source, name));

    /// <summary>A property's value; lists and deserialised enumerations come wrapped.</summary>
    static object? Value(PSObject source, string name)
    {
        var value = source.Properties[name]?.Value;
        return value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
    }
}

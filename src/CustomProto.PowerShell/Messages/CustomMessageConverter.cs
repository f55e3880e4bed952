using System.Collections;
using System.Management.Automation;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Messages;

/// <summary>
/// Makes a message again of what a job, a remote shell or a file gave back. The properties say all there is to know but the protocol, which
/// is looked up by its name: the built-in one, or one that is in use here. A message of any other protocol stays a bag of properties.
/// </summary>
public sealed class CustomMessageConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is PSObject source && destinationType == typeof(CustomMessage) && IsMessage(new PropertyBag(source));

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        var source = new PropertyBag((PSObject)sourceValue);
        var protocol = FindProtocol(source) ?? throw new PSInvalidCastException("The message is of a protocol that isn't known here.");
        return new CustomMessage(
            protocol,
            MakePayload(protocol, source),
            source.Read<int>(nameof(CustomMessage.Length)),
            source.Read<int>(nameof(CustomMessage.TrailingBytes)),
            source.ReadPacket(),
            source.Read<long>(nameof(CustomMessage.LostBefore)));
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException();

    /// <summary>A rejected packet has a protocol, too, and no data.</summary>
    static bool IsMessage(PropertyBag source) => source.Has(nameof(CustomMessage.Data)) && FindProtocol(source) is not null;

    static ProtocolDefinition? FindProtocol(PropertyBag source) => KnownProtocols.Find(source.Value(nameof(CustomMessage.Protocol)) as string);

    /// <summary>Builds the header anew: constants from the protocol, what varies from the properties.</summary>
    static byte[] MakePayload(ProtocolDefinition protocol, PropertyBag source)
    {
        var data = source.Read<byte[]>(nameof(CustomMessage.Data));
        var payload = new byte[protocol.HeaderSize + data.Length];
        data.CopyTo(payload, protocol.HeaderSize);
        foreach (var field in protocol.Fields)
        {
            protocol.Write(field, payload, field.Role switch
            {
                FieldRole.Version => source.Read<ulong>(nameof(CustomMessage.Version)),
                FieldRole.Type => source.Read<byte>(nameof(CustomMessage.Type)),
                FieldRole.Length => (ulong)(source.Read<int>(nameof(CustomMessage.Length)) + (protocol.LengthCountsHeader ? protocol.HeaderSize : 0)),
                FieldRole.Plain => ReadField(source, field.Name),
                _ => field.Value ?? 0,
            });
        }

        return payload;
    }

    static ulong ReadField(PropertyBag source, string name)
    {
        var fields = source.Value(nameof(CustomMessage.Fields)) as IDictionary;
        return fields?[name] is { } value ? LanguagePrimitives.ConvertTo<ulong>(value) : 0;
    }
}

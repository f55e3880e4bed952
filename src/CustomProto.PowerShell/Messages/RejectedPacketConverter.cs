using System.Management.Automation;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Messages;

/// <summary>Makes a packet that is no message again of what a job, a remote shell or a file gave back: of any protocol, as only its name is told.</summary>
public sealed class RejectedPacketConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is PSObject source && destinationType == typeof(RejectedPacket) && new PropertyBag(source).Has(nameof(RejectedPacket.LeadingBytes));

    /// <inheritdoc/>
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase)
    {
        var source = new PropertyBag((PSObject)sourceValue);
        return new RejectedPacket(
            source.Read<RejectReason>(nameof(RejectedPacket.Reason)),
            source.Read<byte[]>(nameof(RejectedPacket.LeadingBytes)),
            source.Read<int>(nameof(RejectedPacket.Length)),
            source.ReadPacket(),
            source.Read<string>(nameof(RejectedPacket.Protocol)));
    }

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc/>
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException();
}

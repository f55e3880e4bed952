using System.Globalization;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>What can be wrong with a <see cref="PacketCraft"/> by itself.</summary>
static class PacketCraftCheck
{
    /// <exception cref="CustomProtoException">Something doesn't fit (<see cref="FailureKind.InvalidArgument"/>).</exception>
    internal static void Check(PacketCraft craft, ProtocolDefinition protocol, bool isIPv6)
    {
        CheckField(protocol, FieldRole.Magic, protocol.Magic, craft.Magic);
        CheckField(protocol, FieldRole.Version, protocol.Version, craft.Version);
        CheckField(protocol, FieldRole.Length, protocol.Length, craft.Length);
        CheckAtLeast(craft.TrailingBytes, 0, "number of trailing bytes", "TrailingBytesOutOfRange");
        CheckAtLeast(craft.Truncate, 0, "number of bytes to cut off", "TruncateOutOfRange");
        CheckAtLeast(craft.FragmentSize ?? PacketCraft.MinFragmentSize, PacketCraft.MinFragmentSize, "fragment size", "FragmentSizeOutOfRange");
        CheckOptions(craft.IPOption.Count, isIPv6);
        if (craft.FuzzSeed is not null && (craft.MayFragment || craft.Truncate > 0 || craft.Checksum != ChecksumKind.Valid))
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "FuzzConflict",
                "Fuzzing decides by itself about checksums, about what is cut off and about fragments.",
                "Leave out -Fuzz, or -Checksum, -Truncate, -Fragment and -FragmentSize.");
        }
    }

    static void CheckField(ProtocolDefinition protocol, FieldRole role, ProtocolField? field, ulong? value)
    {
        if (value is null)
        {
            return;
        }

        if (field is null)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "NoSuchField",
                $"The protocol '{protocol.Name}' has no {role} field that could be set to {value}.",
                $"Leave out -{role}.",
                value);
        }

        if (value > field.MaxValue)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "FieldValueOutOfRange",
                Invariant($"{value} (0x{value:X}) doesn't fit the {field.Width}-byte field '{field.Name}' of the protocol '{protocol.Name}'."),
                Invariant($"Give a number up to {field.MaxValue} (0x{field.MaxValue:X})."),
                value);
        }
    }

    static void CheckAtLeast(int value, int least, string name, string errorId)
    {
        if (value < least)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, errorId, Invariant($"{value} is not a {name}."), Invariant($"Give a number from {least} on."), value);
        }
    }

    static void CheckOptions(int count, bool isIPv6)
    {
        if (count > 0 && isIPv6)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "OptionsNeedIPv4",
                "IPv4 options were given, but the destination is IPv6, which has none.",
                "Leave out -IPOption, or send to an IPv4 address.",
                count);
        }

        if (count > PacketCraft.MaxIPOptionLength)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "OptionsTooLong",
                Invariant($"{count} bytes of IPv4 options were given, but the header has room for {PacketCraft.MaxIPOptionLength}."),
                "Give fewer.",
                count);
        }
    }

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

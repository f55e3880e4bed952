using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>From a filter and a definition to what the kernel program compares.</summary>
static unsafe class FilterEncoder
{
    /// <summary>Makes the program's filter.</summary>
    /// <exception cref="CustomProtoException">Something in it can't be; the message says what.</exception>
    internal static Filter Encode(ReaderFilter filter, ProtocolDefinition protocol)
    {
        if (filter.Sample < 1)
        {
            throw Invalid("InvalidSample", $"One in {filter.Sample} messages can't be kept.", "Give -Sample 1 or more.", filter.Sample);
        }

        var encoded = new Filter { Sample = (uint)filter.Sample };
        EncodeTypes(filter.Types, protocol, ref encoded);
        EncodeSources(filter.SourceAddresses, ref encoded);
        if (EncodePorts("source", filter.SourcePorts, new Span<ushort>(encoded.SourcePort, Limit.MaxFilterPorts)))
        {
            encoded.Conditions |= (uint)Condition.SourcePort;
        }

        if (EncodePorts("destination", filter.DestinationPorts, new Span<ushort>(encoded.DestinationPort, Limit.MaxFilterPorts)))
        {
            encoded.Conditions |= (uint)Condition.DestinationPort;
        }

        EncodeBytes(filter, protocol, ref encoded);
        if (filter.IncludeRejected)
        {
            encoded.Conditions |= (uint)Condition.Rejected;
        }

        return encoded;
    }

    /// <summary>Whether a filter keeps nothing out.</summary>
    internal static bool KeepsAll(in Filter filter) => (filter.Conditions & ~(uint)Condition.Rejected) == 0 && filter.Sample < 2;

    static void EncodeTypes(IReadOnlyCollection<MessageType> types, ProtocolDefinition protocol, ref Filter encoded)
    {
        if (types.Count == 0)
        {
            return;
        }

        if (protocol.Type is null)
        {
            throw Invalid("NoTypeField", $"Messages of '{protocol.Name}' have no type: its definition has no such field.", "Leave out -Type.", protocol.Name);
        }

        encoded.Conditions |= (uint)Condition.Type;
        foreach (byte type in types)
        {
            encoded.Types[type / 64] |= 1UL << (type % 64);
        }
    }

    static void EncodeSources(IReadOnlyList<AddressRange> sources, ref Filter encoded)
    {
        if (sources.Count > Limit.MaxFilterAddresses)
        {
            throw TooMany("source addresses", sources.Count, Limit.MaxFilterAddresses);
        }

        if (sources.Count > 0)
        {
            encoded.Conditions |= (uint)Condition.Source;
        }

        fixed (Filter* at = &encoded)
        {
            for (var i = 0; i < sources.Count; i++)
            {
                var (address, length) = (sources[i].Address, sources[i].PrefixLength);
                at->SourceVersion[i] = (byte)(address.IsIPv6 ? 6 : 4);
                Write(address.Bits, address.IsIPv6, new Span<byte>(at->SourceAddress + (2 * i), 16));
                var bits = address.IsIPv6 ? 128 : 32;
                Write(length == 0 ? 0 : UInt128.MaxValue << (bits - length), address.IsIPv6, new Span<byte>(at->SourceMask + (2 * i), 16));
            }
        }
    }

    /// <summary>Writes an address as it stands in a record.</summary>
    static void Write(UInt128 bits, bool isIPv6, Span<byte> target)
    {
        if (isIPv6)
        {
            BinaryPrimitives.WriteUInt128BigEndian(target, bits);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, (uint)(bits & uint.MaxValue));
        }
    }

    static bool EncodePorts(string kind, IReadOnlyList<int> ports, Span<ushort> encoded)
    {
        if (ports.Count > encoded.Length)
        {
            throw TooMany($"{kind} ports", ports.Count, encoded.Length);
        }

        for (var i = 0; i < encoded.Length && ports.Count > 0; i++)
        {
            var port = ports[i < ports.Count ? i : 0];
            encoded[i] = port is >= 0 and <= ushort.MaxValue
                ? (ushort)port
                : throw Invalid("InvalidPort", string.Create(CultureInfo.InvariantCulture, $"{port} is no {kind} port."), "UDP ports are 0 to 65535.", port);
        }

        return ports.Count > 0;
    }

    static void EncodeBytes(ReaderFilter filter, ProtocolDefinition protocol, ref Filter encoded)
    {
        if (filter.Fields.Count == 0 && filter.DataPrefix.IsEmpty)
        {
            return;
        }

        encoded.Conditions |= (uint)Condition.Bytes;
        fixed (Filter* at = &encoded)
        {
            var bytes = MemoryMarshal.AsBytes(new Span<ulong>(at->Bytes, Limit.MaxFilterWords));
            var mask = MemoryMarshal.AsBytes(new Span<ulong>(at->ByteMask, Limit.MaxFilterWords));
            foreach (var (name, value) in filter.Fields)
            {
                var field = Find(protocol, name);
                if (value > field.MaxValue)
                {
                    throw Invalid(
                        "FieldValueTooLarge",
                        string.Create(CultureInfo.InvariantCulture, $"The field '{field.Name}' of '{protocol.Name}' has {field.Width} bytes, so it can't be {value}."),
                        string.Create(CultureInfo.InvariantCulture, $"Give a value from 0 to {field.MaxValue}."),
                        value);
                }

                protocol.Write(field, bytes, value);
                mask.Slice(field.Offset, field.Width).Fill(byte.MaxValue);
            }

            var prefix = filter.DataPrefix.Span;
            if (prefix.Length > ReaderFilter.MaxDataPrefix)
            {
                throw Invalid(
                    "DataPrefixTooLong",
                    $"The data prefix has {prefix.Length} bytes; the kernel program compares {ReaderFilter.MaxDataPrefix} at most.",
                    "Give the first bytes, and have Where-Object look at the others.",
                    prefix.Length);
            }

            prefix.CopyTo(bytes[protocol.HeaderSize..]);
            mask.Slice(protocol.HeaderSize, prefix.Length).Fill(byte.MaxValue);
            at->DataLength = (uint)prefix.Length;
        }
    }

    static ProtocolField Find(ProtocolDefinition protocol, string name) =>
        protocol.Fields.FirstOrDefault(field => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw Invalid(
            "UnknownField",
            $"The protocol '{protocol.Name}' has no field '{name}'.",
            $"It has {string.Join(", ", protocol.Fields.Select(field => $"'{field.Name}'"))}.",
            name);

    static CustomProtoException TooMany(string what, int count, int most) =>
        Invalid("TooManyAlternatives", $"A filter can't have {count} {what}: {most} at most.", "Filter by a prefix length, or with Where-Object.", count);

    static CustomProtoException Invalid(string id, string problem, string remedy, object target) =>
        new(FailureKind.InvalidArgument, id, problem, remedy, target);
}

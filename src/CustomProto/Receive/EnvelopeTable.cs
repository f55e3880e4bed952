using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// The envelopes of packets that came lately. The next packet is mostly one of those that came before, and then its message needs neither a
/// copy of the addresses nor the time to make it: in a pipeline at full speed, memory is what costs. For one thread at a time.
/// </summary>
sealed unsafe class EnvelopeTable(string interfaceName)
{
    /// <summary>A power of two; one place each, so that looking is one comparison.</summary>
    const int Size = 64;

    readonly Place[] _places = new Place[Size];

    /// <summary>The envelope of a packet.</summary>
    internal PacketEnvelope Find(in Event header)
    {
        ref var place = ref _places[Index(header)];
        if (place.Envelope is { } envelope && IsSame(place.Header, header))
        {
            return envelope;
        }

        place.Header = header;
        return place.Envelope = new PacketEnvelope(interfaceName, ReadNumbers(header));
    }

    /// <summary>What a header says beside times and lengths.</summary>
    internal static PacketNumbers ReadNumbers(in Event header)
    {
        fixed (Event* at = &header)
        {
            var isIPv6 = at->IpVersion == 6;
            return new PacketNumbers
            {
                Cpu = (int)at->Cpu,
                Direction = at->Direction == (byte)Direction.Egress ? PacketDirection.Egress : PacketDirection.Ingress,
                Source = InternetAddress.From(new ReadOnlySpan<byte>(at->SourceAddress, 16), isIPv6),
                Destination = InternetAddress.From(new ReadOnlySpan<byte>(at->DestinationAddress, 16), isIPv6),
                SourcePort = at->SourcePort,
                DestinationPort = at->DestinationPort,
                SourceMac = new MacAddress(new ReadOnlySpan<byte>(at->SourceMac, MacAddress.Length)),
                DestinationMac = new MacAddress(new ReadOnlySpan<byte>(at->DestinationMac, MacAddress.Length)),
                VlanCount = at->VlanCount,
                OuterVlanId = at->VlanId[0],
                InnerVlanId = at->VlanId[1],
                Verdict = new PacketVerdict((byte)at->Hook, at->Verdict),
            };
        }
    }

    /// <summary>By what senders, and conversations of one, mostly differ in.</summary>
    static int Index(in Event header) => (header.SourceAddress[3] ^ header.SourceAddress[15] ^ header.SourcePort ^ (int)header.Cpu) & (Size - 1);

    /// <summary>Whether two headers say the same, but for times and lengths, which stand before and between.</summary>
    static bool IsSame(in Event one, in Event other)
    {
        fixed (Event* first = &one, second = &other)
        {
            return Path(first).SequenceEqual(Path(second)) && Ends(first).SequenceEqual(Ends(second));
        }

        static ReadOnlySpan<byte> Path(Event* header) => new(header->SourceAddress, (int)((byte*)&header->FrameLength - header->SourceAddress));

        static ReadOnlySpan<byte> Ends(Event* header) => new(&header->SourcePort, (int)((byte*)(header + 1) - (byte*)&header->SourcePort));
    }

    /// <summary>An envelope, and the header that it was made of.</summary>
    [StructLayout(LayoutKind.Auto)]
    struct Place
    {
        internal Event Header;
        internal PacketEnvelope? Envelope;
    }
}

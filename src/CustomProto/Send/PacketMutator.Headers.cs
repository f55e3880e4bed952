using System.Buffers.Binary;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <content>Changes to Ethernet and IP headers, and to the frame as a whole.</content>
public sealed partial class PacketMutator
{
    const int IPv4Protocol = 9;
    const int IPv4Flags = 6;
    const int IPv6NextHeader = 6;

    bool ChangeIP(PacketMutation mutation, FrameParts parts)
    {
        switch (mutation)
        {
            case PacketMutation.IPLength:
                parts.IPLength = OtherWord(parts.RightIPLength);
                return true;
            case PacketMutation.IPVersion:
                parts.IP[0] ^= (byte)(_random.Between(1, 15) << 4);
                return true;
            case PacketMutation.IPHeaderLength when !parts.IsIPv6:
                var words = _random.Below(16);
                parts.IPHeaderWords = words != (parts.IP.Length + parts.IPExtra.Length) / 4 ? words : 4;
                return true;
            case PacketMutation.IPProtocol:
                var at = parts.IsIPv6 ? IPv6NextHeader : IPv4Protocol;
                parts.IP[at] = OtherByte(parts.IP[at]);
                return true;
            case PacketMutation.IPChecksum when !parts.IsIPv6:
                parts.IPChecksum = OtherWord(BinaryPrimitives.ReadUInt16BigEndian(parts.IP.AsSpan(10)));
                return true;
            case PacketMutation.FragmentBits:
                SetFragmentBits(parts);
                return true;
            case PacketMutation.IPField:
                ChangeIPField(parts);
                return true;
            case PacketMutation.IPOption:
                AddOption(parts);
                return true;
            default:
                return false;
        }
    }

    void SetFragmentBits(FrameParts parts)
    {
        if (!parts.IsIPv6)
        {
            // More fragments, an offset, the reserved bit: each alone and together.
            var bits = _random.Pick<ushort>([0x2000, 0x6000, 0x8000, 0x0001, 0x1fff, 0x3fff, 0x0000]);
            BinaryPrimitives.WriteUInt16BigEndian(parts.IP.AsSpan(IPv4Flags), bits);
            return;
        }

        var fragment = new byte[FrameFormat.FragmentHeaderLength];
        fragment[0] = parts.IP[IPv6NextHeader];
        BinaryPrimitives.WriteUInt16BigEndian(fragment.AsSpan(2), _random.Pick<ushort>([0x0000, 0x0001, 0x0008, 0x0009, 0xfff8, 0x0006]));
        BinaryPrimitives.WriteUInt32BigEndian(fragment.AsSpan(4), (uint)_random.Next());
        parts.IP[IPv6NextHeader] = FrameFormat.FragmentProtocol;
        parts.IPExtra = [.. fragment, .. parts.IPExtra];
    }

    /// <summary>What a receiver of the protocol doesn't look at, but routers and stacks do.</summary>
    void ChangeIPField(FrameParts parts)
    {
        var at = _random.Pick<int>(parts.IsIPv6 ? [1, 2, 3, 7] : [1, 4, 5, 8]);
        parts.IP[at] = OtherByte(parts.IP[at]);
    }

    void AddOption(FrameParts parts)
    {
        if (!parts.IsIPv6)
        {
            var words = _random.Between(1, PacketCraft.MaxIPOptionLength / 4);
            var options = RandomBytes(4 * words);
            if (_random.Below(2) == 0)
            {
                options.AsSpan().Fill(1); // No operation: options that do nothing.
            }

            parts.IPExtra = options;
            return;
        }

        // A chain of headers of one kind; nine are one too many for the receiver.
        var kind = _random.Pick<byte>([FrameFormat.HopByHopProtocol, FrameFormat.RoutingProtocol, FrameFormat.DestinationOptionsProtocol]);
        for (var left = _random.Between(1, 9); left > 0; left--)
        {
            // PadN (RFC 8200, section 4.2) for options; a routing header of no known type with no segments left.
            byte[] header = [parts.IP[IPv6NextHeader], 0, 1, 0, 0, 0, 0, 0];
            header[3] = kind == FrameFormat.RoutingProtocol ? (byte)0 : (byte)4;
            header[2] = kind == FrameFormat.RoutingProtocol ? (byte)253 : (byte)1;
            parts.IP[IPv6NextHeader] = kind;
            parts.IPExtra = [.. header, .. parts.IPExtra];
        }
    }

    bool ChangeEthernet(PacketMutation mutation, FrameParts parts)
    {
        switch (mutation)
        {
            case PacketMutation.VlanTags:
                parts.Tags.Clear();
                for (var tags = _random.Between(1, FrameFormat.MaxVlanTags + 1); tags > 0; tags--)
                {
                    var etherType = _random.Pick<ushort>([FrameFormat.EtherTypeVlan, FrameFormat.EtherTypeServiceVlan]);
                    parts.Tags.Add((etherType, (ushort)_random.Below(ushort.MaxValue + 1)));
                }

                return true;
            case PacketMutation.EtherType:
                var other = _random.Pick<ushort>([FrameFormat.EtherTypeIPv4, FrameFormat.EtherTypeIPv6, FrameFormat.EtherTypeVlan, FrameFormat.EtherTypeServiceVlan, 0x0806, 0]);
                parts.EtherType = other != parts.EtherType ? other : OtherWord(parts.EtherType);
                return true;
            default:
                return false;
        }
    }

    List<byte[]>? Fragment(FrameParts parts)
    {
        if (parts.DatagramLength <= PacketCraft.MinFragmentSize || (parts.IsIPv6 && parts.IPExtra.Length > 0))
        {
            return null;
        }

        // In about eight at most, so that one packet doesn't become hundreds.
        const int MostFragments = 8;
        var frame = parts.Assemble();
        var most = parts.DatagramLength - 1;
        var least = Math.Min((parts.DatagramLength / MostFragments) + PacketCraft.MinFragmentSize, most);
        var udpOffset = frame.Length - parts.DatagramLength;
        var ipOffset = udpOffset - parts.IPExtra.Length - parts.IP.Length;
        var frames = FrameFragmenter.Split(frame, ipOffset, udpOffset, _random.Between(least, most), (uint)_random.Next());
        switch (_random.Below(4))
        {
            case 0:
                frames.RemoveAt(_random.Below(frames.Count));
                break;
            case 1:
                frames.Reverse();
                break;
            case 2:
                frames.Add(frames[_random.Below(frames.Count)]);
                break;
        }

        return frames;
    }

    /// <summary>Flips one to four bits.</summary>
    byte[] FlipBits(FrameParts parts, byte[] frame)
    {
        var ipOffset = FrameFormat.EthernetHeaderLength + (parts.Tags.Count * FrameFormat.VlanTagLength);
        var addresses = ipOffset + (parts.IsIPv6 ? 8 : 12);
        var addressesEnd = ipOffset + parts.IP.Length;
        var destinationPort = addressesEnd + parts.IPExtra.Length + sizeof(ushort);
        for (var flips = _random.Between(1, 4); flips > 0;)
        {
            var at = _random.Between(2 * MacAddress.Length, frame.Length - 1);
            if ((at < addresses || at >= addressesEnd) && at != destinationPort && at != destinationPort + 1)
            {
                frame[at] ^= (byte)(1 << _random.Below(8));
                flips--;
            }
        }

        return frame;
    }
}

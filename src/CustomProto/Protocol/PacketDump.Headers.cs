namespace CustomProto.Protocol;

/// <content>Ethernet, IP and UDP.</content>
public sealed partial class PacketDump
{
    /// <summary>Adds a field if it is there; otherwise what there is of it, and the frame is over.</summary>
    bool AddWhole(int length, string field, Func<int, string> describe)
    {
        if (Left < length)
        {
            AddUpTo(_bytes.Length, $"{field} (cut)");
            return false;
        }

        Add(length, field, describe(_at));
        return true;
    }

    bool AddNumber(int length, string field) => AddWhole(length, field, at => Invariant($"{(length == 1 ? _bytes[at] : Word(at))}"));

    bool AddAddress(string field, bool isIPv6) =>
        AddWhole(isIPv6 ? 16 : 4, field, at => InternetAddress.From(_bytes.AsSpan(at, isIPv6 ? 16 : 4), isIPv6).ToString());

    bool AddMac(string field) => AddWhole(MacAddress.Length, field, at => new MacAddress(_bytes.AsSpan(at, MacAddress.Length)).ToString());

    void AddEthernet()
    {
        if (!AddMac("Ethernet destination") || !AddMac("Ethernet source"))
        {
            return;
        }

        ushort etherType = 0;
        while (AddWhole(2, "EtherType", at => ShowEtherType(etherType = Word(at))) && FrameFormat.IsVlan(etherType))
        {
            if (!AddWhole(2, "VLAN priority, id", at => Invariant($"priority {Word(at) >> 13}, id {Word(at) & FrameFormat.VlanIdMask}")))
            {
                return;
            }
        }

        if (etherType == FrameFormat.EtherTypeIPv4)
        {
            AddIPv4();
        }
        else if (etherType == FrameFormat.EtherTypeIPv6)
        {
            AddIPv6();
        }
    }

    static string ShowEtherType(ushort etherType) => etherType switch
    {
        FrameFormat.EtherTypeIPv4 => "IPv4",
        FrameFormat.EtherTypeIPv6 => "IPv6",
        FrameFormat.EtherTypeVlan => "802.1Q VLAN tag",
        FrameFormat.EtherTypeServiceVlan => "802.1ad VLAN tag",
        _ => "",
    };

    void AddIPv4()
    {
        var start = _at;
        var words = 0;
        ushort fragment = 0;
        byte protocol = 0;
        var isWhole = AddWhole(1, "IPv4 version, length", at => Invariant($"{_bytes[at] >> 4}, {4 * (words = _bytes[at] & 0x0f)} bytes"))
            && AddWhole(1, "IPv4 DSCP, ECN", at => Invariant($"{_bytes[at] >> 2}, {_bytes[at] & 3}"))
            && AddNumber(2, "IPv4 total length")
            && AddWhole(2, "IPv4 identification", at => Invariant($"0x{Word(at):x4}"))
            && AddWhole(2, "IPv4 flags, offset", at => ShowFragment(fragment = Word(at)))
            && AddNumber(1, "IPv4 time to live")
            && AddWhole(1, "IPv4 protocol", at => ShowProtocol(protocol = _bytes[at]))
            && AddWhole(2, "IPv4 checksum", _ => ShowHeaderChecksum(start, 4 * words))
            && AddAddress("IPv4 source", isIPv6: false)
            && AddAddress("IPv4 destination", isIPv6: false);
        if (!isWhole || start + (4 * words) > _bytes.Length)
        {
            return;
        }

        AddUpTo(start + (4 * words), "IPv4 options");
        AddDatagram(protocol, start, (fragment & FrameFormat.IPv4FragmentOffset) != 0, isCut: (fragment & FrameFormat.IPv4MoreFragments) != 0, isIPv6: false);
    }

    void AddIPv6()
    {
        var start = _at;
        byte next = 0;
        var isWhole = AddWhole(4, "IPv6 version, class, flow", at => Invariant($"{_bytes[at] >> 4}, {((_bytes[at] & 0x0f) << 4) | (_bytes[at + 1] >> 4)}, {((_bytes[at + 1] & 0x0f) << 16) | Word(at + 2)}"))
            && AddNumber(2, "IPv6 payload length")
            && AddWhole(1, "IPv6 next header", at => ShowProtocol(next = _bytes[at]))
            && AddNumber(1, "IPv6 hop limit")
            && AddAddress("IPv6 source", isIPv6: true)
            && AddAddress("IPv6 destination", isIPv6: true);
        var (isLater, isCut) = (false, false);
        while (isWhole && FrameFormat.IsExtension(next) && Left >= FrameFormat.FragmentHeaderLength)
        {
            if (next == FrameFormat.FragmentProtocol)
            {
                var fragment = Word(_at + 2);
                (isLater, isCut) = ((fragment & FrameFormat.IPv6FragmentOffset) != 0, (fragment & FrameFormat.IPv6MoreFragments) != 0);
                next = _bytes[_at];
                Add(FrameFormat.FragmentHeaderLength, "IPv6 fragment header", Invariant($"offset {fragment & FrameFormat.IPv6FragmentOffset}{(isCut ? ", more follow" : "")}"));
                break;
            }

            var length = (_bytes[_at + 1] + 1) * FrameFormat.FragmentHeaderLength;
            next = _bytes[_at];
            isWhole = AddWhole(length, "IPv6 extension header", _ => "");
        }

        if (isWhole)
        {
            AddDatagram(next, start, isLater, isCut, isIPv6: true);
        }
    }

    void AddDatagram(byte protocol, int ip, bool isLater, bool isCut, bool isIPv6)
    {
        if (isLater)
        {
            AddRest("(a later fragment)");
            return;
        }

        if (protocol != FrameFormat.UdpProtocol)
        {
            return;
        }

        var start = _at;
        ushort length = 0;
        if (AddNumber(2, "UDP source port") && AddNumber(2, "UDP destination port")
            && AddWhole(2, "UDP length", at => Invariant($"{length = Word(at)}"))
            && AddWhole(2, "UDP checksum", at => isCut ? "" : ShowUdpChecksum(ip, start, length, isIPv6)))
        {
            AddPayload(Math.Max(0, length - FrameFormat.UdpHeaderLength));
            AddRest("(after the datagram)");
        }
    }

    static string ShowFragment(ushort fragment)
    {
        string?[] parts =
        [
            (fragment & FrameFormat.IPv4DontFragment) != 0 ? "don't fragment" : null,
            (fragment & FrameFormat.IPv4MoreFragments) != 0 ? "more fragments follow" : null,
            Invariant($"offset {8 * (fragment & FrameFormat.IPv4FragmentOffset)}"),
        ];
        return string.Join(", ", parts.Where(part => part is not null));
    }

    static string ShowProtocol(byte protocol) => protocol == FrameFormat.UdpProtocol ? Invariant($"{protocol} (UDP)") : Invariant($"{protocol}");

    string ShowHeaderChecksum(int start, int length) => length < FrameFormat.IPv4HeaderLength || start + length > _bytes.Length
        ? ""
        : InternetChecksum.Finish(InternetChecksum.Sum(_bytes.AsSpan(start, length))) == 0 ? "right" : "wrong";

    string ShowUdpChecksum(int ip, int udp, int length, bool isIPv6)
    {
        if (Word(udp + 6) == 0)
        {
            return isIPv6 ? "none (wrong over IPv6)" : "none";
        }

        if (length < FrameFormat.UdpHeaderLength || udp + length > _bytes.Length)
        {
            return "";
        }

        var addresses = isIPv6 ? _bytes.AsSpan(ip + 8, 32) : _bytes.AsSpan(ip + 12, 8);
        return InternetChecksum.IsRight(addresses, _bytes.AsSpan(udp, length)) ? "right" : "wrong";
    }
}

using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>What the headers of all frames of a run say.</summary>
readonly record struct FrameHeaders
{
    readonly IReadOnlyList<byte>? _ipOption;

    /// <summary>The link-layer address of the next hop.</summary>
    internal required MacAddress DestinationMac { get; init; }

    /// <summary>The link-layer address of the sender.</summary>
    internal required MacAddress SourceMac { get; init; }

    /// <summary>VLAN ids, outer first: one becomes an 802.1Q tag, two become 802.1ad and 802.1Q.</summary>
    internal IReadOnlyList<int>? VlanId { get; init; }

    /// <summary>The address of the receiver.</summary>
    internal required InternetAddress Destination { get; init; }

    /// <summary>The address of the sender, of the same family.</summary>
    internal required InternetAddress Source { get; init; }

    /// <summary>The UDP port of the receiver.</summary>
    internal required int DestinationPort { get; init; }

    /// <summary>The UDP port of the sender.</summary>
    internal required int SourcePort { get; init; }

    /// <summary>The time to live or hop limit.</summary>
    internal required int Ttl { get; init; }

    /// <summary>The differentiated services code point; ECN stays 0.</summary>
    internal int Dscp { get; init; }

    /// <summary>IPv4 options; the header is filled up with 0, which ends them (RFC 791, section 3.1).</summary>
    internal IReadOnlyList<byte> IPOption
    {
        get => _ipOption ?? [];
        init => _ipOption = value;
    }

    /// <summary>The length of the options in the header, a multiple of four.</summary>
    internal int IPOptionLength => (IPOption.Count + 3) & ~3;
}

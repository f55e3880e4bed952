using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// What is deliberately different about packets: wrong on purpose, or unusual. The default changes nothing. Everything but the fields of
/// the protocol's header and <see cref="TrailingBytes"/> needs <see cref="Transport.Raw"/>.
/// </summary>
public sealed record PacketCraft
{
    /// <summary>The most bytes of options that an IPv4 header has room for.</summary>
    public const int MaxIPOptionLength = 40;

    /// <summary>The smallest <see cref="FragmentSize"/>: offsets of fragments count units of 8 bytes.</summary>
    public const int MinFragmentSize = 8;

    /// <summary>Nothing out of the ordinary.</summary>
    public static PacketCraft None { get; } = new();

    /// <summary>The value of the magic field, instead of the protocol's.</summary>
    public ulong? Magic { get; init; }

    /// <summary>The value of the version field, instead of the protocol's.</summary>
    public ulong? Version { get; init; }

    /// <summary>The value of the length field, whatever data there is.</summary>
    public ulong? Length { get; init; }

    /// <summary>How many bytes, all 0, follow the data in the UDP payload.</summary>
    public int TrailingBytes { get; init; }

    /// <summary>The UDP checksum.</summary>
    public ChecksumKind Checksum { get; init; }

    /// <summary>
    /// How many bytes are cut off the end of the frame, of a fragmented datagram's last. Lengths and checksums stay those of the whole.
    /// At least an Ethernet header is left.
    /// </summary>
    public int Truncate { get; init; }

    /// <summary>Whether a datagram that is longer than the MTU is sent in fragments, instead of being refused.</summary>
    public bool Fragment { get; init; }

    /// <summary>
    /// The most bytes of a datagram, UDP header included, in a fragment: at least <see cref="MinFragmentSize"/>, rounded down to a multiple
    /// of 8. Longer datagrams are sent in fragments; without it, only those longer than the MTU, if <see cref="Fragment"/> is set.
    /// </summary>
    public int? FragmentSize { get; init; }

    /// <summary>IPv4 options, at most <see cref="MaxIPOptionLength"/> bytes; filled up with 0 to a multiple of four.</summary>
    public IReadOnlyList<byte> IPOption { get; init; } = [];

    /// <summary>
    /// Has every packet changed by a <see cref="PacketMutator"/> with this seed. The same seed, messages, addresses and ports give the
    /// same bytes; without a source port, one that the seed names is sent from.
    /// </summary>
    public long? FuzzSeed { get; init; }

    /// <summary>Whether datagrams may be sent in fragments.</summary>
    internal bool MayFragment => Fragment || FragmentSize is not null;

    /// <summary>The length of the IPv4 options in the header.</summary>
    internal int IPOptionLength => (IPOption.Count + 3) & ~3;

    /// <summary>Changes what is to be changed in a UDP payload; the same bytes where nothing is.</summary>
    /// <exception cref="CustomProtoException">The payload is too short to have the field.</exception>
    internal ReadOnlySpan<byte> Apply(ProtocolDefinition protocol, ReadOnlySpan<byte> payload)
    {
        if (Magic is null && Version is null && Length is null && TrailingBytes == 0)
        {
            return payload;
        }

        var changed = new byte[payload.Length + TrailingBytes];
        payload.CopyTo(changed);
        foreach (var (field, value) in (ReadOnlySpan<(ProtocolField?, ulong?)>)[(protocol.Magic, Magic), (protocol.Version, Version), (protocol.Length, Length)])
        {
            if (field is null || value is null)
            {
                continue;
            }

            if (payload.Length < protocol.HeaderSize)
            {
                throw new CustomProtoException(
                    FailureKind.InvalidArgument,
                    "PayloadTooShort",
                    $"The payload has {payload.Length} bytes, and so no {field.Name}: the header of the protocol '{protocol.Name}' has {protocol.HeaderSize}.",
                    $"Give a payload with a whole header, or leave {field.Name} as it is.",
                    payload.Length);
            }

            protocol.Write(field, changed, value.Value);
        }

        return changed;
    }
}

using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// A message where the kernel put it, in the ring: borrowed, so nothing is copied and nothing allocated. It is good until the next one is asked
/// for; after that every property throws. What is to be kept is copied: <see cref="ToMessage"/>.
/// </summary>
/// <remarks>
/// A span it gave away is good for as long as it is itself, and the compiler lets neither leave the method that opened the
/// <see cref="ReceivedRecords"/>. Numbers are in host byte order.
/// </remarks>
public readonly unsafe ref struct ReceivedRecord
{
    readonly RecordBorrow _borrow;
    readonly ulong _number;

    internal ReceivedRecord(RecordBorrow borrow)
    {
        _borrow = borrow;
        _number = borrow.Records;
    }

    /// <summary>When the packet was seen, in nanoseconds of CLOCK_MONOTONIC.</summary>
    public long MonotonicNanoseconds => (long)Header.MonotonicNs;

    /// <summary>When the packet was seen, in nanoseconds since 1970-01-01 UTC.</summary>
    public long UnixNanoseconds => _borrow.Decoder.ReadUnixTime(Header);

    /// <summary>
    /// The network card's clock when it received the packet, in nanoseconds of whatever it counts from; <see langword="null"/> where it didn't tell.
    /// </summary>
    public long? HardwareNanoseconds => Header.HardwareNs is not 0 and var hardware ? (long)hardware : null;

    /// <summary>The name of the interface.</summary>
    public string Interface => _borrow.Decoder.Interface;

    /// <summary>The CPU that handled the packet.</summary>
    public int Cpu => (int)Header.Cpu;

    /// <summary>The length of the frame in bytes, with the Ethernet header and padding.</summary>
    public int FrameLength => (int)Header.FrameLength;

    /// <summary>The sender's address.</summary>
    public InternetAddress SourceAddress
    {
        get
        {
            fixed (Event* header = &Header)
            {
                return InternetAddress.From(new ReadOnlySpan<byte>(header->SourceAddress, 16), header->IpVersion == 6);
            }
        }
    }

    /// <summary>The receiver's address.</summary>
    public InternetAddress DestinationAddress
    {
        get
        {
            fixed (Event* header = &Header)
            {
                return InternetAddress.From(new ReadOnlySpan<byte>(header->DestinationAddress, 16), header->IpVersion == 6);
            }
        }
    }

    /// <summary>The sender's UDP port.</summary>
    public int SourcePort => Header.SourcePort;

    /// <summary>The receiver's UDP port.</summary>
    public int DestinationPort => Header.DestinationPort;

    /// <summary>The sender's link-layer address.</summary>
    public MacAddress SourceMac
    {
        get
        {
            fixed (byte* bytes = Header.SourceMac)
            {
                return new MacAddress(new ReadOnlySpan<byte>(bytes, MacAddress.Length));
            }
        }
    }

    /// <summary>The receiver's link-layer address.</summary>
    public MacAddress DestinationMac
    {
        get
        {
            fixed (byte* bytes = Header.DestinationMac)
            {
                return new MacAddress(new ReadOnlySpan<byte>(bytes, MacAddress.Length));
            }
        }
    }

    /// <summary>How many VLAN tags the frame had: 0, 1 or 2.</summary>
    public int VlanCount => Header.VlanCount;

    /// <summary>The VLAN id of the outer tag; 0 without one.</summary>
    public int OuterVlanId => Header.VlanId[0];

    /// <summary>The VLAN id of the inner of two tags; 0 without one.</summary>
    public int InnerVlanId => Header.VlanId[1];

    /// <summary>The value of the version field; 0 without one.</summary>
    public ulong Version => _borrow.Decoder.Protocol.Version is { } version ? _borrow.Decoder.Protocol.Read(version, Payload) : 0;

    /// <summary>The value of the type field.</summary>
    public MessageType Type =>
        _borrow.Decoder.Protocol.Type is { } type ? (MessageType)_borrow.Decoder.Protocol.Read(type, Payload) : MessageType.None;

    /// <summary>The number of data bytes the message has.</summary>
    public int Length => (int)Header.Length;

    /// <summary>The number of bytes of UDP payload after the data.</summary>
    public int TrailingBytes => (int)Header.Trailing;

    /// <summary>Messages lost on this CPU and reader since the previous one.</summary>
    public long LostBefore => (long)Header.LostBefore;

    /// <summary>The UDP payload as captured: the protocol's header, and as much of the data as the snap length allowed.</summary>
    public ReadOnlySpan<byte> Payload => _borrow.Payload(_number);

    /// <summary>The captured data.</summary>
    public ReadOnlySpan<byte> Data => Payload[_borrow.Decoder.Protocol.HeaderSize..];

    ref readonly Event Header => ref _borrow.Header(_number);

    /// <summary>Makes a message that can be kept: a copy.</summary>
    public CustomMessage ToMessage() => _borrow.Decode(_number);
}

using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class CustomMessageTests
{
    static readonly PacketMetadata s_packet = new()
    {
        MonotonicNanoseconds = 123_456_789,
        UnixNanoseconds = 1_700_000_000_123_456_789,
        TimestampSource = TimestampSource.Tai,
        Interface = "eth0",
        Cpu = 3,
        Direction = PacketDirection.Ingress,
        Source = InternetAddress.From(IPAddress.Parse("192.0.2.1")),
        Destination = InternetAddress.From(IPAddress.Parse("2001:db8::2")),
        SourcePort = 40000,
        DestinationPort = 12345,
        SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
        DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
        VlanCount = 2,
        OuterVlanId = 100,
        InnerVlanId = 4094,
    };

    [Fact]
    public void Properties_of_the_packet_are_those_of_its_metadata()
    {
        var message = Received(s_packet);

        Assert.Equal(123_456_789, message.MonotonicNanoseconds);
        Assert.Equal(TimestampSource.Tai, message.TimestampSource);
        Assert.Equal("eth0", message.Interface);
        Assert.Equal(3, message.Cpu);
        Assert.Equal(PacketDirection.Ingress, message.Direction);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), message.SourceAddress);
        Assert.Equal(IPAddress.Parse("2001:db8::2"), message.DestinationAddress);
        Assert.Equal(40000, message.SourcePort);
        Assert.Equal(12345, message.DestinationPort);
        Assert.Equal("02:00:00:00:00:01", message.SourceMac.ToString());
        Assert.Equal("02:00:00:00:00:02", message.DestinationMac.ToString());
        Assert.Equal(7, message.LostBefore);
    }

    [Fact]
    public void Properties_of_the_message_are_those_of_its_bytes()
    {
        var message = Received(s_packet);

        Assert.Equal("CustomProto", message.Protocol);
        Assert.Equal(1UL, message.Version);
        Assert.Equal(MessageType.Request, message.Type);
        Assert.Equal("Request", message.TypeName);
        Assert.Equal(10, message.Length);
        Assert.Equal(10, message.CapturedLength);
        Assert.Equal("Hello Worl"u8.ToArray(), message.Data);
        Assert.Equal("Hello Worl", message.Text);
        Assert.Equal(1, message.TrailingBytes);
        Assert.Empty(message.Fields);
    }

    [Fact]
    public void Data_may_be_captured_in_part()
    {
        var message = new CustomMessage(ProtocolDefinition.Default, Convert.FromHexString("cafe01010064616263"), length: 100);

        Assert.Equal((100, 3), (message.Length, message.CapturedLength));
        Assert.Equal("abc", message.Text);
    }

    [Fact]
    public void A_protocol_without_version_and_type_gives_zero()
    {
        var message = new CustomMessage(new("bare", [1], 1, []), [9, 8], length: 1);

        Assert.Equal((0UL, MessageType.None, "0"), (message.Version, message.Type, message.TypeName));
    }

    [Fact]
    public void A_payload_shorter_than_the_header_is_the_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => new CustomMessage(ProtocolDefinition.Default, new byte[5], 0));
        Assert.Equal(0, new CustomMessage(ProtocolDefinition.Default, new byte[6], 0).CapturedLength);
    }

    [Fact]
    public void The_time_is_local_and_exact_to_a_tick()
    {
        var time = Received(s_packet).Timestamp;

        Assert.Equal(1_700_000_000_123_456_700 / 100, (time - DateTimeOffset.UnixEpoch).Ticks);
        Assert.Equal(TimeZoneInfo.Local.GetUtcOffset(time), time.Offset);
    }

    [Fact]
    public void A_message_that_was_not_seen_has_the_smallest_time() =>
        Assert.Equal(DateTimeOffset.MinValue, Received(s_packet with { TimestampSource = TimestampSource.None }).Timestamp);

    [Fact]
    public void Vlan_ids_come_outer_first_and_only_as_many_as_there_are()
    {
        Assert.Empty(Received(s_packet with { VlanCount = 0 }).VlanId);
        Assert.Equal([100], Received(s_packet with { VlanCount = 1 }).VlanId);
        Assert.Equal([100, 4094], Received(s_packet).VlanId);
    }

    [Fact]
    public void Fields_are_the_plain_ones_by_name_whatever_the_case()
    {
        var definition = new ProtocolDefinition(
            "sensor",
            [1],
            14,
            [
                new("Magic", 0, 1, FieldRole.Magic, 5),
                new("Station", 1, 8),
                new("Kind", 9, 1, FieldRole.Type),
                new("Sequence", 10, 4),
            ],
            ByteOrder.LittleEndian);
        var message = new CustomMessage(definition, Convert.FromHexString("05ffffffffffffffff0101000080"), 0);

        Assert.Equal(["Station", "Sequence"], message.Fields.Keys);
        Assert.Equal(ulong.MaxValue, message.Fields["station"]);
        Assert.Equal(0x80000001UL, message.Fields["SEQUENCE"]);
        Assert.False(message.Fields.ContainsKey("Magic"));
    }

    [Fact]
    public void What_it_returns_may_be_changed_without_changing_the_message()
    {
        var message = Received(s_packet);

        message.Data[0] = (byte)'X';
        message.VlanId[0] = 1;

        Assert.Equal("Hello Worl", message.Text);
        Assert.Equal((byte)'H', message.Data[0]);
        Assert.Equal([100, 4094], message.VlanId);
        Assert.IsNotAssignableFrom<Dictionary<string, ulong>>(message.Fields);
    }

    [Fact]
    public void Receiving_makes_one_object_and_no_more()
    {
        var payload = Convert.FromHexString("cafe0101000a48656c6c6f20576f726c");
        var envelope = s_packet.Envelope;
        _ = Received(s_packet);

        var allocated = Allocation.LeastOf(() => GC.KeepAlive(new CustomMessage(ProtocolDefinition.Default, payload, 10, 1, envelope, s_packet.Times, 7)));

        Assert.InRange(allocated, 64, 96);
    }

    [Fact]
    public void A_message_that_is_made_was_on_no_network()
    {
        var message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "ok"u8);

        Assert.Equal("cafe010200026f6b", Convert.ToHexStringLower(message.Payload));
        Assert.Equal((MessageType.Response, 2, 2, 0, 0L), (message.Type, message.Length, message.CapturedLength, message.TrailingBytes, message.LostBefore));
        Assert.Equal((null, null, null), (message.SourceAddress, message.DestinationAddress, message.Interface));
        Assert.Equal((PacketDirection.None, TimestampSource.None, DateTimeOffset.MinValue), (message.Direction, message.TimestampSource, message.Timestamp));
        Assert.Equal("Response, 2 bytes", message.ToString());
    }

    [Fact]
    public void A_message_that_is_made_is_copied_from_its_data()
    {
        var data = "ok"u8.ToArray();
        var message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, data);

        data[0] = 0;

        Assert.Equal("ok", message.Text);
    }

    [Fact]
    public void It_shows_as_type_length_and_ends() =>
        Assert.Equal("Request, 10 bytes, 192.0.2.1:40000 to [2001:db8::2]:12345", Received(s_packet).ToString());

    static CustomMessage Received(PacketMetadata packet) =>
        new(ProtocolDefinition.Default, Convert.FromHexString("cafe0101000a48656c6c6f20576f726c"), length: 10, trailingBytes: 1, packet, lostBefore: 7);
}

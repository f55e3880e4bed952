using CustomProto.KernelTests.Send;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>
/// Checksums of what was encapsulated or decapsulated: from the left host through the right one, a router, to the far one, behind a device
/// that finishes checksums itself.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class EncapsulationChecksumTests : EncapsulationTest
{
    const int Far = 2;
    const int SOL_SOCKET = 1;
    const int SO_NO_CHECK = 11;
    const int UDP_NO_CHECK6_TX = 101;

    /// <summary>Another protocol than the built-in one, whose header has an odd number of bytes.</summary>
    static readonly ProtocolDefinition s_odd = new(
        "Odd",
        [Port],
        7,
        [
            new ProtocolField("Kind", 0, 1, FieldRole.Type),
            new ProtocolField("Size", 1, 4, FieldRole.Length),
            new ProtocolField("Mark", 5, 2, FieldRole.Magic, 0xABCD),
        ],
        ByteOrder.LittleEndian,
        lengthCountsHeader: true);

    /// <summary>Another one, whose header leaves the checksum of 100 bytes of data as it was, added or removed.</summary>
    static readonly ProtocolDefinition s_neutral = new(
        "Neutral",
        [Port],
        4,
        [
            new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xFFFF - 100 - (2 * 4)),
            new ProtocolField("Length", 2, 2, FieldRole.Length),
        ]);

    /// <summary>IPv6 or not, whether the left host leaves checksums to its device, and the protocol.</summary>
    public static TheoryData<bool, string, string> Paths { get; } = new()
    {
        { false, "on", "built-in" },
        { false, "off", "built-in" },
        { true, "on", "built-in" },
        { true, "off", "built-in" },
        { false, "on", "odd" },
        { false, "off", "odd" },
        { true, "off", "odd" },
        { false, "on", "neutral" },
        { false, "off", "neutral" },
    };

    public EncapsulationChecksumTests()
        : base(hosts: 3)
    {
        Network.Connect(TestNetwork.Right, "far0", Far, "far1");
        Network.Ip(TestNetwork.Right, "address add 198.51.100.1/24 dev far0");
        Network.Ip(TestNetwork.Right, "address add 2001:db8:1::1/64 dev far0");
        Network.Ip(Far, "address add 198.51.100.2/24 dev far1");
        Network.Ip(Far, "address add 2001:db8:1::2/64 dev far1");

        // Without a link-local address a router can't ask for the neighbours of packets that aren't its own.
        Network.Ip(TestNetwork.Right, "address add fe80::a/64 dev far0");
        Network.Ip(Far, "address add fe80::b/64 dev far1");
        Network.WaitUntilSettled(TestNetwork.Right);
        Network.WaitUntilSettled(Far);
        Network.SetVariable(TestNetwork.Right, "ipv4/ip_forward", 1);
        Network.SetVariable(TestNetwork.Right, "ipv6/conf/all/forwarding", 1);
        Network.Ip(TestNetwork.Left, $"route add 198.51.100.0/24 via {TestNetwork.IPv4(TestNetwork.Right)}");
        Network.Ip(TestNetwork.Left, $"route add 2001:db8:1::/64 via {TestNetwork.IPv6(TestNetwork.Right)}");
        Network.Ip(Far, "route add 192.0.2.0/24 via 198.51.100.1");
        Network.Ip(Far, "route add 2001:db8::/64 via 2001:db8:1::1");
        SwitchOffload(TestNetwork.Right, "far0", "tx off");
    }

    [KernelTheory(KernelNeed.Tcx)]
    [MemberData(nameof(Paths))]
    public void Checksums_are_right_whoever_finishes_them(bool isIPv6, string transmitOffload, string definition)
    {
        var protocol = Definition(definition);
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate, protocol: protocol);

        AssertArrive(isIPv6, transmitOffload, protocol, data => data, data => MessageEncoder.Encode(protocol, MessageType.Request, data));
    }

    [KernelTheory(KernelNeed.Tcx)]
    [MemberData(nameof(Paths))]
    public void Checksums_are_right_when_a_router_removes_the_header(bool isIPv6, string transmitOffload, string definition)
    {
        var protocol = Definition(definition);
        using var decapsulating = Register(TestNetwork.Right, Encapsulation.Decapsulate, protocol: protocol);

        var sent = AssertArrive(isIPv6, transmitOffload, protocol, data => MessageEncoder.Encode(protocol, MessageType.Request, data), data => data);

        Assert.Equal(new EncapsulationStatistics { Considered = sent, Decapsulated = sent }, decapsulating.ReadEncapsulation());
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false)]
    [InlineData(true)]
    public void Datagram_without_checksum_stays_without(bool isIPv6)
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate);
        using var capture = new PacketCapture(Network, Far, "far1", 1, $"udp port {Port}");
        using var sink = Bind(Far, isIPv6);
        using var client = Connect(FarAddress(isIPv6));
        client.SetRawSocketOption(isIPv6 ? SOL_UDP : SOL_SOCKET, isIPv6 ? UDP_NO_CHECK6_TX : SO_NO_CHECK, BitConverter.GetBytes(1));
        client.Send("none"u8);

        var packet = Assert.Single(capture.Read());
        Assert.Equal("0x0000", packet["udp.checksum"]);
        Assert.Equal([0xCA, 0xFE, 1, 1, 0, 4, .. "none"u8], packet.Payload);
    }

    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(new[] { 7 })]
    [InlineData(new[] { 7, 4094 })]
    public void Vlan_tags_and_ip_options_stay_where_they_are(int[] tags)
    {
        using var encapsulating = Register(TestNetwork.Left, Encapsulation.Encapsulate, protocol: new ProtocolDefinition(
            "Other", [12345], 4, [new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xBEEF), new ProtocolField("Length", 2, 2, FieldRole.Length)]));
        using var capture = new PacketCapture(Network, TestNetwork.Right, TestNetwork.InterfaceName(TestNetwork.Right), 2);
        var options = SendTest.ToRight(transport: Transport.Raw) with { VlanId = tags, Craft = new PacketCraft { IPOption = [1, 1, 1, 0] } };
        SendTest.Send(Network, options, 5);
        SendTest.Send(Network, SendTest.ToRight(ipv6: true, transport: Transport.Raw) with { VlanId = tags }, 500);

        var packets = capture.Read();
        Assert.Equal(("24", ""), (packets[0]["ip.hdr_len"], packets[1]["ip.hdr_len"]));
        foreach (var (packet, size) in packets.Zip([5, 500]))
        {
            byte[] message = [0xCA, 0xFE, 1, 1, (byte)((size) >> 8), (byte)size, .. SendTest.Data(size)];
            Assert.Equal([0xBE, 0xEF, (byte)(message.Length >> 8), (byte)message.Length, .. message], packet.Payload);
            Assert.Equal("1", packet["udp.checksum.status"]);
            Assert.Equal(string.Join(',', tags), string.Join(',', new[] { packet["ieee8021ad.id"], packet["vlan.id"] }.Where(id => id.Length > 0)));
        }
    }

    static ProtocolDefinition Definition(string name) => name switch { "odd" => s_odd, "neutral" => s_neutral, _ => ProtocolDefinition.Default };

    static string FarAddress(bool isIPv6) => isIPv6 ? "2001:db8:1::2" : "198.51.100.2";

    /// <summary>Sends data of several lengths to the far host, where all that arrives has to have right checksums.</summary>
    /// <returns>How many datagrams were sent.</returns>
    int AssertArrive(bool isIPv6, string transmitOffload, ProtocolDefinition protocol, Func<byte[], byte[]> sent, Func<byte[], byte[]> expected)
    {
        SwitchOffload(TestNetwork.Left, TestNetwork.InterfaceName(TestNetwork.Left), $"tx {transmitOffload}");
        int[] sizes = [0, 1, 2, 3, 100, 999, MaxData(isIPv6) + HeaderSize - protocol.HeaderSize];
        using var capture = new PacketCapture(Network, Far, "far1", sizes.Length, $"udp port {Port}");
        using var sink = Bind(Far, isIPv6);
        using var client = Connect(FarAddress(isIPv6));
        foreach (var size in sizes)
        {
            client.Send(sent(SendTest.Data(size)));
        }

        var packets = capture.Read();
        Assert.Equal(sizes.Length, packets.Count);
        foreach (var (packet, size) in packets.Zip(sizes))
        {
            Assert.Equal((size, "1"), (size, packet["udp.checksum.status"]));
            Assert.Equal(isIPv6 ? "" : "1", packet["ip.checksum.status"]);
            Assert.Equal(expected(SendTest.Data(size)), packet.Payload);
        }

        return sizes.Length;
    }
}

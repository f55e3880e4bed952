using CustomProto.Net;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Tests.Net;

public sealed class NetworkLinkTests
{
    [Fact]
    public void A_recorded_link_is_read()
    {
        var link = NetworkLink.Parse(Damage.Body(Recordings.Link));

        Assert.Equal((3, "veth0", 1500), (link.Index, link.Name, link.Mtu));
        Assert.Equal(MacAddress.Parse("02:00:00:00:00:01"), link.Address);
        Assert.Equal((ARPHRD_ETHER, true), (link.HardwareType, link.HasEthernetHeader));
        Assert.Equal((true, false, false), (link.IsUp, link.IsRunning, link.IsLoopback));
        Assert.False(link.HasCarrier);
        Assert.Equal(("veth", 2, true), (link.Kind, link.PeerIndex, link.PeerIsElsewhere));
        var attachment = Assert.Single(link.XdpAttachments);
        Assert.Equal(XdpMode.Generic, attachment.Mode);
        Assert.NotEqual(0u, attachment.ProgramId);
        Assert.Equal(default, link.Statistics);
    }

    [Fact]
    public void Several_xdp_programs_are_listed_native_first()
    {
        var link = Make((ref NetlinkMessageWriter writer) =>
            writer.Attribute(IFLA_XDP, Nest((IFLA_XDP_ATTACHED, 4), (IFLA_XDP_HW_PROG_ID, 9), (IFLA_XDP_DRV_PROG_ID, 7))));

        Assert.Equal([new XdpAttachment(XdpMode.Native, 7), new XdpAttachment(XdpMode.Offload, 9)], link.XdpAttachments);
    }

    [Theory]
    [InlineData(1, XdpMode.Native)]
    [InlineData(2, XdpMode.Generic)]
    [InlineData(3, XdpMode.Offload)]
    public void A_program_id_without_a_mode_of_its_own_takes_the_mode_beside_it(int attached, XdpMode expected)
    {
        var link = Make((ref NetlinkMessageWriter writer) =>
            writer.Attribute(IFLA_XDP, Nest((IFLA_XDP_ATTACHED, attached), (IFLA_XDP_PROG_ID, 5))));

        Assert.Equal([new XdpAttachment(expected, 5)], link.XdpAttachments);
    }

    [Fact]
    public void Nothing_attached_is_an_empty_list()
    {
        var link = Make((ref NetlinkMessageWriter writer) => writer.Attribute(IFLA_XDP, Nest((IFLA_XDP_ATTACHED, 0))));

        Assert.Empty(link.XdpAttachments);
    }

    [Fact]
    public void Statistics_are_read_field_by_field()
    {
        var counters = new byte[25 * sizeof(ulong)];
        for (var i = 0; i < 8; i++)
        {
            BitConverter.TryWriteBytes(counters.AsSpan(i * sizeof(ulong)), (ulong)i + 1);
        }

        var link = Make((ref NetlinkMessageWriter writer) => writer.Attribute(IFLA_STATS64, counters));

        Assert.Equal(new LinkStatistics(1, 2, 3, 4, 5, 6, 7, 8), link.Statistics);
    }

    [Fact]
    public void A_hardware_address_of_another_length_is_no_mac_address()
    {
        var link = Make((ref NetlinkMessageWriter writer) => writer.Attribute(IFLA_ADDRESS, new byte[20]));

        Assert.True(link.Address.IsZero);
    }

    [Fact]
    public void No_damage_does_more_than_fail() =>
        Damage.ForEach(Damage.Body(Recordings.Link), body => NetworkLink.Parse(body));

    delegate void Write(ref NetlinkMessageWriter writer);

    static NetworkLink Make(Write write)
    {
        var writer = new NetlinkMessageWriter(new byte[512], RTM_NEWLINK);
        writer.Append(new LinkMessage { Index = 1 });
        write(ref writer);
        return NetworkLink.Parse(Damage.Body(writer.Complete(0, 0).ToArray()));
    }

    static byte[] Nest(params (ushort Type, int Value)[] attributes)
    {
        var writer = new NetlinkMessageWriter(new byte[128], 0);
        foreach (var (type, value) in attributes)
        {
            writer.Attribute(type, value);
        }

        return Damage.Body(writer.Complete(0, 0).ToArray());
    }
}

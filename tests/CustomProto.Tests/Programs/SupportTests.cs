using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.Tests.Programs;

/// <summary>The support report, as far as it needs neither privilege nor a certain machine.</summary>
public sealed class SupportTests
{
    static readonly string[] s_names =
    [
        "Kernel", "Architecture", "BTF", "JIT", "Ring buffers", "Live frames", "Fragmented frames", "tc links", "Unprivileged BPF", "Lockdown",
        "libbpf", "bpffs", "tracefs", "Container", "CAP_BPF", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_PERFMON", "CAP_SYS_ADMIN",
    ];

    [Fact]
    public void Report_has_a_row_for_everything_and_advice_wherever_something_is_missing()
    {
        var rows = SupportReport.ReadHost();

        Assert.Equal(s_names, rows.Select(row => row.Name));
        Assert.All(rows, row => Assert.EndsWith(".", row.Detail, StringComparison.Ordinal));
        Assert.All(rows, row => Assert.True(row.Status != SupportStatus.Unsupported || row.Advice is not null, row.ToString()));
        Assert.All(rows, row => Assert.Null(row.Interface));
    }

    [Fact]
    public void Loopback_has_Ethernet_headers_and_no_native_mode()
    {
        var rows = SupportReport.ReadInterface(NetworkLinks.Get("lo"));

        Assert.All(rows, row => Assert.Equal("lo", row.Interface));
        Assert.Equal(SupportStatus.Unsupported, rows.Single(row => row.Name == "Native XDP").Status);
        Assert.Equal(SupportStatus.Supported, rows.Single(row => row.Name == "Link type").Status);
    }

    [Fact]
    public void Interface_that_is_gone_gives_rows_that_say_so()
    {
        var rows = SupportReport.ReadInterface(new NetworkLink { Index = int.MaxValue, Name = "gone0", HardwareType = 1 });

        Assert.Equal(SupportStatus.Unknown, rows.Single(row => row.Name == "Native XDP").Status);
        Assert.Contains("no network interface", rows.Single(row => row.Name == "LRO").Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6.1.0-28-amd64", 6, 1)]
    [InlineData("5.18.0+", 5, 18)]
    [InlineData("6.18", 6, 18)]
    [InlineData("6.18-rc1", 6, 18)]
    [InlineData("5.15.167.4-microsoft-standard-WSL2", 5, 15)]
    public void Releases_are_read(string release, int major, int minor) => Assert.Equal(new Version(major, minor), KernelSupport.ParseRelease(release));

    [Theory]
    [InlineData("[none] integrity confidentiality", "none")]
    [InlineData("none [integrity] confidentiality", "integrity")]
    [InlineData("none integrity [confidentiality]", "confidentiality")]
    [InlineData("", "none")]
    public void Lockdown_is_read(string modes, string mode) => Assert.Equal(mode, KernelSupport.ParseLockdown(modes));

    [Theory]
    [InlineData("customproto-1-0-abc", true)]
    [InlineData("customproto-4194305-5-abc", true)]
    [InlineData("customproto-1-abc", false)]
    [InlineData("customproto-x-5-abc", false)]
    [InlineData("customproto", false)]
    [InlineData("other-4194305-5-abc", false)]
    public void Only_instances_of_ours_whose_process_is_gone_are_swept(string name, bool dead) => Assert.Equal(dead, TraceInstance.IsDead(name));

    [Fact]
    public void Own_instance_is_not_swept() =>
        Assert.False(TraceInstance.IsDead($"customproto-{Environment.ProcessId}-{ProcessStart.Read(Environment.ProcessId)}-abc"));

    [Fact]
    public void Answers_over_generic_netlink_are_read_and_damaged_ones_refused()
    {
        // Header, then NETDEV_A_DEV_IFINDEX and NETDEV_A_DEV_XDP_FEATURES as a veth of Linux 6.18 answers.
        byte[] netdev = [1, 1, 0, 0, 8, 0, 1, 0, 3, 0, 0, 0, 12, 0, 3, 0, 0x23, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(XdpFeatures.Native | XdpFeatures.Redirect | XdpFeatures.ReceiveFragments, XdpCapabilities.Parse(netdev));
        Assert.Null(XdpCapabilities.Parse(netdev.AsSpan(..12)));
        Assert.Null(XdpCapabilities.ParseMetadata(netdev));
        byte[] metadata = [.. netdev, 12, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(XdpMetadata.Timestamp | XdpMetadata.Hash, XdpCapabilities.ParseMetadata(metadata));
        Assert.Equal((ushort)0x1c, Genetlink.ReadFamily([1, 2, 0, 0, 6, 0, 1, 0, 0x1c, 0, 0, 0]));

        // ETHTOOL_A_FEATURES_ACTIVE > BITS > BIT > NAME "rx-gro".
        byte[] features = [12, 1, 0, 0, 24, 0, 4, 0x80, 20, 0, 3, 0x80, 16, 0, 1, 0x80, 11, 0, 2, 0, .. "rx-gro\0"u8, 0];
        Assert.Equal(["rx-gro"], OffloadFeatures.Parse(features));
        for (var length = 0; length < features.Length; length++)
        {
            try
            {
                OffloadFeatures.Parse(features.AsSpan(..length));
                XdpCapabilities.Parse(netdev.AsSpan(..length));
            }
            catch (CustomProtoException failure)
            {
                Assert.Equal("NetlinkMessageMalformed", failure.ErrorId);
            }
        }
    }
}

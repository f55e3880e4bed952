using System.Diagnostics;
using System.Globalization;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>
/// Every length, checksum and header field of what arrives at the far end, in all combinations of address family, tags, options, data
/// length and transport, as tshark sees it and as Scapy would have built it.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class ExactnessTests
{
    /// <summary>Builds each frame of a capture anew from its fields, without lengths and checksums, and prints those that differ.</summary>
    internal const string Rebuild = """
        import sys, logging
        logging.getLogger('scapy').setLevel(logging.ERROR)
        from scapy.all import *
        count = 0
        for number, (data, _) in enumerate(RawPcapReader(sys.argv[1])):
            packet = Ether(data)
            for layer in (IP, IPv6, UDP):
                if layer in packet:
                    for field in ('chksum', 'len', 'plen', 'ihl'):
                        if field in packet[layer].fields:
                            delattr(packet[layer], field)
            if UDP not in packet or bytes(packet) != data:
                print(number, data.hex(), bytes(packet).hex())
            count += 1
        print(count)
        """;

    /// <summary>IPv4 options: none, a word of no operations, and as many bytes as fit, of an option that receivers pass over.</summary>
    static readonly byte[][] s_options = [[], [1, 1, 1, 0], [0x9e, 40, .. Enumerable.Range(1, 38).Select(value => (byte)value)]];

    [KernelTheory]
    [InlineData(1500, 60)]
    [InlineData(9000, 60)]
    public void Every_combination_arrives_exactly(int mtu, int atLeast)
    {
        using var network = SendTest.CreateNetwork(mtu: mtu, permanentNeighbours: true);

        // Otherwise the kernel leaves the checksums of UDP sockets to hardware that a veth pair hasn't got.
        network.Execute(TestNetwork.Left, "ethtool", "-K veth0 tx off");
        var cases = Cases().ToArray();
        var lengths = cases.Select(one => Lengths(network, one)).ToArray();
        var total = lengths.Sum(list => list.Length);
        Assert.True(total >= atLeast, $"{total} combinations");
        using var capture = new PacketCapture(network, TestNetwork.Right, "veth1", total, "ip or ip6 or vlan");

        for (var i = 0; i < cases.Length; i++)
        {
            var result = SendTest.Send(network, cases[i], lengths[i]);
            Assert.Equal((lengths[i].Length, lengths[i].Length), (result.Packets, result.Confirmed));
        }

        var packets = capture.Read();
        var number = 0;
        for (var i = 0; i < cases.Length; i++)
        {
            foreach (var length in lengths[i])
            {
                AssertExact(packets[number++], cases[i], length);
            }
        }

        Assert.Equal(total.ToString(CultureInfo.InvariantCulture), Python(Rebuild, capture.File).Trim());
    }

    static IEnumerable<SendOptions> Cases()
    {
        foreach (var ipv6 in (bool[])[false, true])
        {
            foreach (var tags in (int[][])[[], [100], [100, 200]])
            {
                foreach (var option in ipv6 ? s_options[..1] : s_options)
                {
                    yield return SendTest.ToRight(ipv6, Transport.Raw) with { VlanId = tags, Craft = new PacketCraft { IPOption = option } };
                }
            }

            yield return SendTest.ToRight(ipv6, Transport.Udp);
        }
    }

    static int[] Lengths(TestNetwork network, SendOptions options) => network.Run(TestNetwork.Left, () =>
    {
        using var sender = Sender.Open(options);
        var most = sender.MaxDataLength;
        Assert.Equal("DataExceedsMtu", Assert.Throws<CustomProtoException>(() => sender.Send(SendTest.Message(most + 1))).ErrorId);
        return (int[])[0, 1, 333, most - 1, most];
    });

    static void AssertExact(CapturedPacket packet, SendOptions options, int length)
    {
        var ipv6 = options.Destination.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        var context = $"{options.Transport}, {options.Destination}, {options.VlanId.Count} tags, {options.Craft.IPOption.Count} bytes of options, {length} bytes";
        var frame = 14 + (4 * options.VlanId.Count) + (ipv6 ? 40 : 20 + options.Craft.IPOption.Count) + 8 + 6 + length;
        Assert.True(packet["frame.len"] == frame.ToString(CultureInfo.InvariantCulture), context);
        Assert.True(packet["udp.checksum.status"] == "1" && packet["ip.checksum.status"] == (ipv6 ? "" : "1"), context);
        Assert.True(packet["vlan.id"] == (options.VlanId.Count > 0 ? $"{options.VlanId[^1]}" : ""), context);
        Assert.True(packet.Payload.AsSpan().SequenceEqual(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, SendTest.Data(length))), context);
    }

    /// <summary>Runs a script in Debian's Python, for which Debian's Scapy is installed.</summary>
    internal static string Python(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return output;
    }
}

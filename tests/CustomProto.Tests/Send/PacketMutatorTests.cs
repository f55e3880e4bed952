using System.Net;
using System.Security.Cryptography;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>Mutations by themselves; what receivers make of them is in the kernel tests.</summary>
public sealed class PacketMutatorTests
{
    static readonly CustomMessage s_message = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello World"u8);

    /// <summary>Settled once: another hash means that a seed no longer gives what it gave, on this machine or in this version.</summary>
    [Theory]
    [InlineData(false, "05e94a803aa2208b")]
    [InlineData(true, "89281159f76519e5")]
    public void A_seed_gives_the_same_bytes_on_every_machine(bool ipv6, string hash)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var mutator = new PacketMutator(ProtocolDefinition.Default, 42);
        for (var i = 0; i < 2000; i++)
        {
            foreach (var frame in mutator.Next(Frame(ipv6)).Frames)
            {
                sum.AppendData(frame);
            }
        }

        Assert.StartsWith(hash, Convert.ToHexStringLower(sum.GetHashAndReset()), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_seed_gives_other_bytes()
    {
        byte[][] Series(long seed)
        {
            var mutator = new PacketMutator(ProtocolDefinition.Default, seed);
            return [.. Enumerable.Range(0, 50).SelectMany(_ => mutator.Next(Frame(ipv6: false)).Frames)];
        }

        Assert.Equal(Series(-1), Series(-1));
        Assert.NotEqual(Series(1), Series(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_mutation_occurs_and_changes_what_it_says(bool ipv6)
    {
        var frame = Frame(ipv6);
        var decoder = new PacketDecoder(ProtocolDefinition.Default, verifyChecksum: true);
        var mutator = new PacketMutator(ProtocolDefinition.Default, 7);
        var reasons = new Dictionary<PacketMutation, HashSet<string>>();
        for (var i = 0; i < 5000; i++)
        {
            var packet = mutator.Next(frame);
            var seen = reasons.TryGetValue(packet.Mutation, out var known) ? known : reasons[packet.Mutation] = [];
            foreach (var one in packet.Frames)
            {
                var decoded = decoder.DecodeFrame(one);
                seen.Add(decoded.IsLaterFragment ? "Later" : decoded.Seen ? decoded.Reason.ToString() : "Foreign");
                Assert.True(one.Length >= 14 && (packet.Mutation == PacketMutation.None) == one.AsSpan().SequenceEqual(frame), $"{packet.Mutation}, {i}");
                Assert.Equal(frame[..12], one[..12]);
            }
        }

        PacketMutation[] without = ipv6 ? [PacketMutation.Field, PacketMutation.IPChecksum, PacketMutation.IPHeaderLength] : [PacketMutation.Field];
        Assert.Equal(Enum.GetValues<PacketMutation>().Except(without), reasons.Keys.Order());
        Assert.Equal(["None"], reasons[PacketMutation.None]);
        Assert.Equal(["BadMagic"], reasons[PacketMutation.Magic]);
        Assert.Equal(["BadVersion"], reasons[PacketMutation.Version]);
        Assert.Equal(["None"], reasons[PacketMutation.Type]);
        Assert.Equal(["BadLength", "None"], reasons[PacketMutation.Length].Order());
        Assert.Equal(["None"], reasons[PacketMutation.Data]);
        Assert.Equal(["None"], reasons[PacketMutation.TrailingBytes]);
        Assert.Equal(["None"], reasons[PacketMutation.Padding]);
        Assert.Subset(new HashSet<string> { "BadChecksum", "None" }, reasons[PacketMutation.UdpChecksum]);
        Assert.Superset(new HashSet<string> { "Fragment", "Later" }, reasons[PacketMutation.Fragments]);
        Assert.Contains("Truncated", reasons[PacketMutation.Truncation]);
    }

    [Fact]
    public void Fragments_and_growth_keep_to_the_longest_frame()
    {
        var frame = Frame(ipv6: false);
        var mutator = new PacketMutator(ProtocolDefinition.Default, 3);
        for (var i = 0; i < 2000; i++)
        {
            Assert.All(mutator.Next(frame, frame.Length + 5).Frames, one => Assert.True(one.Length <= frame.Length + 5));
        }
    }

    [Fact]
    public void Mutations_of_other_definitions_go_to_their_fields()
    {
        var protocol = new ProtocolDefinition(
            "other", [99], 5, [new ProtocolField("L", 0, 2, FieldRole.Length), new ProtocolField("plain", 3, 2)], ByteOrder.LittleEndian, lengthCountsHeader: true);
        var mutator = new PacketMutator(protocol, 1);
        var frame = FrameEncoder.Encode(CustomMessage.Create(protocol, MessageType.None, [1, 2, 3]));
        var found = Enumerable.Range(0, 1000).Select(_ => mutator.Next(frame)).ToLookup(packet => packet.Mutation);

        Assert.False(found.Contains(PacketMutation.Magic) || found.Contains(PacketMutation.Version) || found.Contains(PacketMutation.Type));
        Assert.All(found[PacketMutation.Field], packet =>
        {
            var message = new PacketDecoder(protocol, verifyChecksum: true).Require(packet.Frames[0]);
            Assert.Equal([1, 2, 3], message.Data);
            Assert.NotEqual(0UL, message.Fields["plain"]);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public void What_is_no_whole_frame_is_refused(int length)
    {
        var mutator = new PacketMutator(ProtocolDefinition.Default, 1);

        Assert.Equal("NotAFrame", Assert.Throws<CustomProtoException>(() => mutator.Next(Frame(ipv6: false).AsSpan(0, length))).ErrorId);
    }

    static byte[] Frame(bool ipv6) => FrameEncoder.Encode(s_message, new FrameOptions { DestinationAddress = IPAddress.Parse(ipv6 ? "2001:db8::2" : "192.0.2.2") })[0];
}

using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>Compares frames with those that Scapy builds of the same parts; frames.py makes frames.json.</summary>
public sealed class FrameBuilderTests
{
    static readonly Dictionary<string, ScapyFrame> s_frames = ReadFrames();

    public static TheoryData<string> Names => new(s_frames.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_frame_is_what_Scapy_makes_of_the_same_parts(string name)
    {
        var expected = s_frames[name];
        var payload = expected.Payload();
        var builder = new FrameBuilder(expected.ToHeaders());
        var frame = new byte[builder.HeaderLength + payload.Length];

        var length = builder.Build(frame, payload, expected.Identification);

        Assert.Equal(frame.Length, length);
        Assert.Equal(expected.Headers, Convert.ToHexStringLower(frame.AsSpan(0, builder.HeaderLength)));
        Assert.Equal(payload, frame[builder.HeaderLength..]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_changed_identification_gives_the_frame_that_is_built_with_it(string name)
    {
        var expected = s_frames[name];
        var payload = expected.Payload();
        var builder = new FrameBuilder(expected.ToHeaders());
        var frame = new byte[builder.HeaderLength + payload.Length];
        var changed = new byte[frame.Length];
        builder.Build(changed, payload, identification: 0xfffe);

        builder.Build(frame, payload, identification: 7);
        builder.SetIdentification(frame, 0xfffe);

        Assert.Equal(changed, frame);
    }

    [Fact]
    public void What_is_in_the_buffer_before_does_not_matter()
    {
        var expected = s_frames["IPv4, two tags, 17 bytes"];
        var builder = new FrameBuilder(expected.ToHeaders());
        var frame = new byte[builder.HeaderLength + 20];
        frame.AsSpan().Fill(0xaa);

        var length = builder.Build(frame, expected.Payload(), expected.Identification);

        Assert.StartsWith(expected.Headers, Convert.ToHexStringLower(frame), StringComparison.Ordinal);
        Assert.Equal([0xaa, 0xaa, 0xaa], frame[length..]);
    }

    [Theory]
    [InlineData("IPv4, 65507 bytes")]
    [InlineData("IPv6, 65527 bytes")]
    public void One_byte_more_than_IP_can_carry_is_refused(string name)
    {
        var longest = s_frames[name];
        var builder = new FrameBuilder(longest.ToHeaders());
        var payload = new byte[longest.PayloadLength + 1];

        Assert.Throws<OverflowException>(() => builder.Build(new byte[builder.HeaderLength + payload.Length], payload, 0));
    }

    [Fact]
    public void Building_allocates_nothing()
    {
        var expected = s_frames["IPv4, 1024 bytes"];
        var builder = new FrameBuilder(expected.ToHeaders());
        var payload = expected.Payload();
        var frame = new byte[builder.HeaderLength + payload.Length];
        builder.Build(frame, payload, 0);

        Assert.Equal(0, Allocation.LeastOf(() =>
        {
            for (ushort i = 0; i < 100; i++)
            {
                builder.Build(frame, payload, i);
            }
        }));
    }

    static Dictionary<string, ScapyFrame> ReadFrames([CallerFilePath] string here = "")
    {
        using var file = File.OpenRead(Path.Combine(Path.GetDirectoryName(here)!, "frames.json"));
        return JsonSerializer.Deserialize<ScapyFrame[]>(file, JsonSerializerOptions.Web)!.ToDictionary(frame => frame.Name);
    }

    sealed record ScapyFrame(
        string Name,
        string Source,
        string Destination,
        string SourceMac,
        string DestinationMac,
        int SourcePort,
        int DestinationPort,
        int Ttl,
        int Dscp,
        ushort Identification,
        int[] VlanId,
        int PayloadLength,
        string? LastWord,
        string Headers)
    {
        internal FrameHeaders ToHeaders() => new()
        {
            DestinationMac = MacAddress.Parse(DestinationMac),
            SourceMac = MacAddress.Parse(SourceMac),
            VlanId = VlanId,
            Destination = InternetAddress.From(IPAddress.Parse(Destination)),
            Source = InternetAddress.From(IPAddress.Parse(Source)),
            DestinationPort = DestinationPort,
            SourcePort = SourcePort,
            Ttl = Ttl,
            Dscp = Dscp,
        };

        internal byte[] Payload()
        {
            var payload = new byte[PayloadLength];
            for (var i = 0; i < payload.Length; i++)
            {
                payload[i] = (byte)((7 * i) + 3);
            }

            if (LastWord is not null)
            {
                Convert.FromHexString(LastWord).CopyTo(payload, payload.Length - 2);
            }

            return payload;
        }
    }
}

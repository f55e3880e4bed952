using CustomProto.KernelTests.Receive;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Protocol;

/// <summary>The decoder against the fixtures, and against the kernel program on frames that nobody thought of.</summary>
[Collection(KernelSuite.Name)]
public sealed class PacketDecoderTests(LoadedPrograms programs) : IClassFixture<LoadedPrograms>
{
    const int Mutations = 24_000;

    public static TheoryData<string> Names => [.. Fixture.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decoder_does_what_the_wire_format_says(string name)
    {
        var fixture = Fixture.All[name];
        var configuration = fixture.Configuration ?? new FixtureConfiguration();

        var decoded = Decoder(configuration).DecodeFrame(fixture.Bytes, new PacketMetadata { Direction = PacketDirection.Ingress });

        Assert.Equal(fixture.Counters.ContainsKey(nameof(ReceiveStatistics.Seen)), decoded.Seen);
        Assert.Equal(fixture.Counters.ContainsKey(nameof(ReceiveStatistics.LaterFragments)), decoded.IsLaterFragment);
        Assert.Equal(fixture.Counters.Keys.FirstOrDefault(Enum.GetNames<RejectReason>().Contains) ?? nameof(RejectReason.None), decoded.Reason.ToString());
        Assert.Equal(fixture.Message?.ToString(), Show(decoded.Message, configuration.SnapLength));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Kernel_and_decoder_agree_on_every_changed_frame()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var damage = new FrameDamage(random);
        var fixtures = Fixture.All.Values.Where(fixture => fixture.Bytes.Length < 3000).ToArray();
        var results = new Dictionary<string, int>();
        for (var i = 0; i < Mutations; i++)
        {
            var fixture = fixtures[random.Next(fixtures.Length)];
            var configuration = (fixture.Configuration ?? new FixtureConfiguration()) with { VerifyChecksum = random.Next(4) == 0 };
            var frame = damage.Apply(fixture.Bytes);
            var linear = random.Next(2) == 0 ? 0 : random.Next(14, frame.Length + 1);
            var result = AssertAgree(configuration, frame, linear, $"seed {seed}, mutation {i} of {fixture.Name}, {linear} bytes linear: {Convert.ToHexStringLower(frame)}");
            results[result] = results.GetValueOrDefault(result) + 1;
        }

        // The changes reach every way through the program.
        Assert.All([.. Enum.GetNames<RejectReason>(), "Foreign", "LaterFragment"], name => Assert.True(results.GetValueOrDefault(name) > 20, $"{name}: seed {seed}"));
    }

    string AssertAgree(FixtureConfiguration configuration, byte[] frame, int linear, string context)
    {
        var program = programs.Get(configuration);
        var later = program.ReadStatistics().LaterFragments;
        var report = program.Run(frame, repeat: 1, linear);
        var isLater = program.ReadStatistics().LaterFragments > later;

        var decoded = Decoder(configuration).DecodeFrame(frame, new PacketMetadata { Direction = PacketDirection.Ingress });

        Assert.True((report.Seen, isLater, report.Reason) == (decoded.Seen, decoded.IsLaterFragment, decoded.Reason),
            $"The kernel says {(report.Seen, isLater, report.Reason)}, the decoder {(decoded.Seen, decoded.IsLaterFragment, decoded.Reason)}: {context}");
        Assert.True(Show(report.Message, int.MaxValue) == Show(decoded.Message, configuration.SnapLength), context);
        return isLater ? "LaterFragment" : report.Seen ? report.Reason.ToString() : "Foreign";
    }

    static PacketDecoder Decoder(FixtureConfiguration configuration) => new(configuration.Options.Protocol, configuration.Ports, configuration.VerifyChecksum);

    /// <summary>All values in one line; the kernel copies no more data than the snap length.</summary>
    static string? Show(CustomMessage? message, int snapLength)
    {
        if (message is null)
        {
            return null;
        }

        var shown = FixtureMessage.From(message);
        var captured = Math.Min(shown.CapturedLength, snapLength);
        return (shown with { CapturedLength = captured, Data = shown.Data[..(2 * captured)] }).ToString();
    }
}

using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Every fixture through the kernel program: verdict, counters and message, exactly.</summary>
[Collection(KernelSuite.Name)]
public sealed class FixtureTests(LoadedPrograms programs) : IClassFixture<LoadedPrograms>
{
    public static TheoryData<string> Names => [.. Fixture.All.Keys];

    [KernelTheory(KernelNeed.Bpf)]
    [MemberData(nameof(Names))]
    public void Kernel_does_what_the_wire_format_says(string name)
    {
        var fixture = Fixture.All[name];
        var program = programs.Get(fixture.Configuration ?? new FixtureConfiguration());
        var before = program.ReadStatistics();

        var report = program.Run(fixture.Bytes, repeat: 1, fixture.LinearLength);

        Assert.Equal(fixture.Verdict, report.Verdict.ToString());
        var after = program.ReadStatistics();
        Assert.Equal(FixtureCounters.Show(fixture.Counters), FixtureCounters.Show(FixtureCounters.Difference(before, after)));
        Assert.Equal(after.Valid, after.Offered);
        Assert.Equal(fixture.Message?.ToString(), report.Message is { } message ? FixtureMessage.From(message).ToString() : null);
        Assert.Equal(fixture.Bytes, report.Output);
        Assert.Equal(fixture.Counters.ContainsKey(nameof(ReceiveStatistics.Seen)), report.Seen);
        Assert.Equal(fixture.Counters.Keys.FirstOrDefault(Enum.GetNames<RejectReason>().Contains) ?? nameof(RejectReason.None), report.Reason.ToString());
        Assert.False(program.Reader.TryRead(out _), "A second message for one packet.");
    }

    [Fact]
    public void There_are_enough_and_some_are_by_tools_we_did_not_write()
    {
        Assert.True(Fixture.All.Count >= 120);
        Assert.True(Fixture.All.Values.Count(fixture => !fixture.Origin.StartsWith("by hand", StringComparison.Ordinal)) >= 60);
    }
}

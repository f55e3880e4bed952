using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Every fixture through the kernel program: verdict, counters and message, exactly.</summary>
[Collection(KernelSuite.Name)]
public sealed class FixtureTests(LoadedPrograms programs) : IClassFixture<LoadedPrograms>
{
    const uint XdpDrop = 1;
    const uint XdpPass = 2;

    public static TheoryData<string> Names => [.. Fixture.All.Keys];

    [KernelTheory(KernelNeed.Bpf)]
    [MemberData(nameof(Names))]
    public void Kernel_does_what_the_wire_format_says(string name)
    {
        var fixture = Fixture.All[name];
        var program = programs.Get(fixture.Configuration ?? new FixtureConfiguration());
        var before = program.ReadStatistics();

        var result = program.TestRun(fixture.Bytes, fixture.LinearLength);

        Assert.Equal(fixture.Verdict == "Drop" ? XdpDrop : XdpPass, result.Verdict);
        Assert.Equal(Show(fixture.Counters), Show(Difference(before, program.ReadStatistics())));
        Assert.Equal(fixture.Message?.ToString(), program.Reader.TryRead(out var message) ? FixtureMessage.From(message).ToString() : null);
        Assert.False(program.Reader.TryRead(out _), "A second message for one packet.");
    }

    [Fact]
    public void There_are_enough_and_some_are_by_tools_we_did_not_write()
    {
        Assert.True(Fixture.All.Count >= 120);
        Assert.True(Fixture.All.Values.Count(fixture => !fixture.Origin.StartsWith("by hand", StringComparison.Ordinal)) >= 60);
    }

    static Dictionary<string, long> Difference(ReceiveStatistics before, ReceiveStatistics after) => typeof(ReceiveStatistics)
        .GetProperties()
        .Where(property => property.PropertyType == typeof(long))
        .ToDictionary(property => property.Name, property => (long)property.GetValue(after)! - (long)property.GetValue(before)!);

    static string Show(IEnumerable<KeyValuePair<string, long>> counters) => string.Join(
        ' ', counters.Where(counter => counter.Value != 0).OrderBy(counter => counter.Key, StringComparer.Ordinal).Select(counter => $"{counter.Key}={counter.Value}"));
}

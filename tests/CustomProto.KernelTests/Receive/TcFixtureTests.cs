using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>The fixtures through the program at tc, which has to judge as the one at XDP does.</summary>
[Collection(KernelSuite.Name)]
public sealed class TcFixtureTests
{
    const uint Next = uint.MaxValue;
    const uint Drop = 2;

    /// <summary>A test run has one page for a socket buffer, with what belongs to it.</summary>
    const int MaxFrame = 3400;

    /// <summary>The kernel makes no socket buffer of less than the Ethernet and the IPv6 header.</summary>
    const int MinFrame = 54;

    [KernelFact(KernelNeed.Tcx)]
    public void Kernel_does_at_tc_what_it_does_at_xdp()
    {
        var fixtures = Fixture.All.Values.Where(fixture => fixture.Bytes.Length is >= MinFrame and <= MaxFrame).ToArray();
        Assert.True(fixtures.Length > 100, $"Only {fixtures.Length} fixtures fit.");
        foreach (var same in fixtures.GroupBy(fixture => (fixture.Configuration ?? new FixtureConfiguration()).Key))
        {
            var configuration = same.First().Configuration ?? new FixtureConfiguration();
            var options = configuration.Options with { AttachPoint = AttachPoint.TcEgress };
            using var program = ReceiverProgram.Load(options);
            using var slot = ReaderSlot.Create(program, options.RingSize);
            using var reader = slot.Open(options.Protocol, options.Interface);
            foreach (var fixture in same)
            {
                var before = Read(program);
                var output = new byte[fixture.Bytes.Length];
                var result = program.Program.TestRun(fixture.Bytes, output);

                Assert.Equal((fixture.Name, fixture.Verdict == "Drop" ? Drop : Next), (fixture.Name, result.Verdict));
                var message = reader.TryRead(out var read) ? FixtureMessage.From(read).ToString() : null;
                Assert.Equal((fixture.Name, fixture.Message?.ToString()), (fixture.Name, message));
                Assert.Equal((fixture.Name, FixtureCounters.Show(fixture.Counters)), (fixture.Name, FixtureCounters.Show(FixtureCounters.Difference(before, Read(program)))));
                Assert.Equal(fixture.Bytes, output);
            }
        }
    }

    static ReceiveStatistics Read(ReceiverProgram program) => ReceiveStatistics.Sum(
        new ReceiveStatistics { Interface = "", ProgramId = 0, Reader = "" }, program.ReadCounters(), program.ReadReaderCounters(0));
}

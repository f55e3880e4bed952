using CustomProto.Send;

namespace CustomProto.Tests.Send;

/// <summary>When packets are due, on a clock that stands still until it is moved.</summary>
public sealed class SendPaceTests
{
    const long Start = 1_000_000_000_000;
    const long Second = 1_000_000_000;

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1e-7)]
    [InlineData(1.1e9)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_rate_that_cannot_be_kept_is_refused(double rate) =>
        Assert.Equal("RateOutOfRange", Assert.Throws<CustomProtoException>(() => new SendPace(rate)).ErrorId);

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:00:01")]
    [InlineData("20.00:00:00")]
    public void An_interval_that_cannot_be_kept_is_refused(string interval) =>
        Assert.Equal("IntervalOutOfRange", Assert.Throws<CustomProtoException>(() => SendPace.Every(TimeSpan.Parse(interval, null))).ErrorId);

    [Fact]
    public void An_interval_is_a_rate() => Assert.Equal(4, SendPace.Every(TimeSpan.FromMilliseconds(250)).Rate);

    [Theory]
    [InlineData(0.5, 10, 5)]
    [InlineData(1, 10, 10)]
    [InlineData(3, 7, 21)]
    [InlineData(999, 2, 1998)]
    [InlineData(10_000, 3, 30_000)]
    [InlineData(1_234_567, 1, 1_234_567)]
    public void As_many_packets_are_due_in_a_time_as_the_rate_says(double rate, int seconds, long expected)
    {
        var pace = new SendPace(rate);
        var end = Start + (seconds * Second);
        var total = 0L;
        pace.Begin(Start);
        for (var time = pace.NextTime(long.MaxValue, end); time < long.MaxValue; time = pace.NextTime(long.MaxValue, end))
        {
            Assert.InRange(time, Start, end - 1);
            total += pace.Take(time, SendBatch.MaxCount);
        }

        Assert.Equal(expected, total);
    }

    [Theory]
    [InlineData(100, 1)]
    [InlineData(1000, 1)]
    [InlineData(10_000, 10)]
    [InlineData(1_000_000, SendBatch.MaxCount)]
    public void Packets_go_together_that_are_due_within_a_millisecond(double rate, int expected)
    {
        var pace = new SendPace(rate);
        pace.Begin(Start);

        Assert.Equal(Start, pace.NextTime(1000, long.MaxValue));
        Assert.Equal(1, pace.Take(Start, SendBatch.MaxCount));
        var next = pace.NextTime(1000, long.MaxValue);

        Assert.Equal(expected, pace.Take(next, SendBatch.MaxCount));
        Assert.Equal(Start + (long)(expected * (Second / rate)), next);
    }

    [Fact]
    public void The_last_packets_do_not_wait_for_more_to_go_with_them()
    {
        var pace = new SendPace(10_000);
        pace.Begin(Start);
        pace.Take(Start, SendBatch.MaxCount);

        Assert.Equal(Start + 300_000, pace.NextTime(3, long.MaxValue));
    }

    [Fact]
    public void A_delay_is_caught_up_with()
    {
        var pace = new SendPace(100);
        pace.Begin(Start);
        pace.Take(Start, SendBatch.MaxCount);

        Assert.Equal(50, pace.Take(Start + (Second / 2), SendBatch.MaxCount));
        Assert.Equal(Start + (Second / 2) + (Second / 100), pace.NextTime(1000, long.MaxValue));
    }

    [Fact]
    public void A_long_sleep_is_not()
    {
        var pace = new SendPace(100);
        pace.Begin(Start);
        pace.Take(Start, SendBatch.MaxCount);

        Assert.Equal(1, pace.Take(Start + (10 * Second), SendBatch.MaxCount));
    }

    [Theory]
    [InlineData(5_000_000, Start + 10_000_000)]
    [InlineData(25_000_000, Start + 10_000_000)]
    [InlineData(31_000_000, Start + 31_000_000)]
    [InlineData(500_000_000, Start + 500_000_000)]
    public void Time_in_which_there_was_nothing_to_send_is_not_made_up_for(long pause, long next)
    {
        var pace = new SendPace(100);
        pace.Begin(Start);
        pace.Take(Start, SendBatch.MaxCount);

        pace.Begin(Start + pause);

        Assert.Equal(next, pace.NextTime(1, long.MaxValue));
    }
}

using System.Globalization;

namespace CustomProto.Send;

/// <summary>
/// How many packets leave in a second, over all calls and senders that are given the same object. Packet n of a run is due n intervals
/// after its first, whatever became of those before it, so that no delay adds up. For one thread at a time.
/// </summary>
public sealed class SendPace
{
    /// <summary>The lowest rate, in packets per second.</summary>
    public const double MinRate = 0.000001;

    /// <summary>The highest rate, in packets per second.</summary>
    public const double MaxRate = 1_000_000_000;

    const double NanosecondsPerSecond = 1e9;

    /// <summary>Above one packet in this time, as many as are due in it go together: a wait for each would take longer than that.</summary>
    const double Tick = 1e6;

    /// <summary>How far a run may be behind and still catch up, in nanoseconds: a busy machine, not one that was asleep.</summary>
    const long MaxLag = 1_000_000_000;

    /// <summary>The same between runs, where nobody had a packet to send.</summary>
    const long MaxIdleLag = 20_000_000;

    readonly double _interval;
    readonly int _quantum;
    long _start;
    long _count;
    bool _hasStarted;

    /// <summary>Sets the rate.</summary>
    /// <param name="rate">Packets per second, <see cref="MinRate"/> to <see cref="MaxRate"/>.</param>
    /// <exception cref="CustomProtoException">
    /// The rate is out of range (<see cref="FailureKind.InvalidArgument"/>, RateOutOfRange).
    /// </exception>
    public SendPace(double rate)
    {
        if (!(rate is >= MinRate and <= MaxRate))
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "RateOutOfRange",
                $"{rate.ToString(CultureInfo.InvariantCulture)} packets per second is not a rate that can be kept.",
                "Give a number from 0.000001 to 1,000,000,000, or leave the rate out to send as fast as possible.",
                rate);
        }

        Rate = rate;
        _interval = NanosecondsPerSecond / rate;
        _quantum = (int)Math.Clamp(Tick / _interval, 1, SendBatch.MaxCount);
    }

    /// <summary>Packets per second.</summary>
    public double Rate { get; }

    /// <summary>A packet in every interval.</summary>
    /// <exception cref="CustomProtoException">
    /// The interval is out of range (<see cref="FailureKind.InvalidArgument"/>, IntervalOutOfRange).
    /// </exception>
    public static SendPace Every(TimeSpan interval) => interval.TotalSeconds is >= 1 / MaxRate and <= 1 / MinRate and var seconds
        ? new SendPace(1 / seconds)
        : throw new CustomProtoException(
            FailureKind.InvalidArgument,
            "IntervalOutOfRange",
            $"{interval} is not an interval that can be kept.",
            "Give a time from 100 ns to a million seconds, or leave the interval out to send as fast as possible.",
            interval);

    /// <summary>Begins a run: what was due while nobody had anything to send isn't caught up with.</summary>
    /// <param name="now">CLOCK_MONOTONIC in nanoseconds.</param>
    internal void Begin(long now) => Limit(now, MaxIdleLag);

    /// <summary>Says when the next packets go.</summary>
    /// <param name="left">How many packets there are.</param>
    /// <param name="end">When the run ends, as CLOCK_MONOTONIC in nanoseconds.</param>
    /// <returns>CLOCK_MONOTONIC in nanoseconds; <see cref="long.MaxValue"/> where none is due before the end.</returns>
    internal long NextTime(long left, long end)
    {
        // The first goes alone, so that it goes at once.
        var last = _count == 0 ? 0 : _count + Math.Min(_quantum, left) - 1;
        while (last > _count && TimeOf(last) >= end)
        {
            last--;
        }

        return TimeOf(last) is var time && time < end ? time : long.MaxValue;
    }

    /// <summary>Takes packets that are due.</summary>
    /// <param name="now">CLOCK_MONOTONIC in nanoseconds, not before what <see cref="NextTime"/> said.</param>
    /// <param name="most">How many at most.</param>
    /// <returns>How many, at least one.</returns>
    internal int Take(long now, int most)
    {
        Limit(now, MaxLag);
        var due = (long)((now - _start) / _interval) - _count;

        // A time is rounded down to a nanosecond, and what was due then was so at that time.
        while (TimeOf(_count + due) <= now)
        {
            due++;
        }

        var taken = (int)Math.Clamp(due, 1, most);
        _count += taken;
        return taken;
    }

    /// <summary>Notes packets that something else than <see cref="Take"/> kept at this rate.</summary>
    internal void Add(long packets) => _count += packets;

    long TimeOf(long packet) => _start + (long)(packet * _interval);

    void Limit(long now, long lag)
    {
        if (!_hasStarted || now - TimeOf(_count) > lag)
        {
            _hasStarted = true;
            _start = now;
            _count = 0;
        }
    }
}

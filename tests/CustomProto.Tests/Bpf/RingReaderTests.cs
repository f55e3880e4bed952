using System.Diagnostics;
using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

/// <summary>The consumer of a ring over memory that is written by hand: as the kernel writes it, and as it never should.</summary>
public sealed class RingReaderTests
{
    [Fact]
    public void Records_come_in_order_and_discarded_ones_not_at_all()
    {
        using var ring = new FakeRing();
        ring.Append([1]);
        ring.Append([2, 2], FakeRing.Discarded);
        ring.Append([3, 3, 3]);

        Assert.Equal([[1], [3, 3, 3]], ReadAll(ring));
        Assert.Equal(ring.Producer, ring.Consumer);
        Assert.Empty(ReadAll(ring));
    }

    [Fact]
    public void A_record_may_lie_across_the_end_and_the_ring_go_round_many_times()
    {
        using var ring = new FakeRing();
        var record = new byte[1000];
        for (var i = 0; i < 100; i++)
        {
            Array.Fill(record, (byte)i);
            ring.Append(record);
            Assert.Equal(record, Assert.Single(ReadAll(ring)));
        }
    }

    [Fact]
    public void A_full_ring_is_read_to_the_last_byte()
    {
        using var ring = new FakeRing { Consumer = 8 * 777, Producer = 8 * 777 };
        var record = new byte[FakeRing.Size - 8];
        Random.Shared.NextBytes(record);
        ring.Append(record);
        Assert.Equal(record, Assert.Single(ReadAll(ring)));
    }

    [Fact]
    public void What_was_only_looked_at_stays()
    {
        using var ring = new FakeRing();
        ring.Append([1]);
        for (var i = 0; i < 2; i++)
        {
            using var lease = ring.Reader.Lease();
            Assert.True(lease.TryRead(out var record));
            Assert.Equal([1], record.ToArray());
        }

        Assert.Equal(0u, ring.Consumer);
    }

    /// <summary>Of what came in 10 ms, 1,504 bytes, more than a kilobyte is to be expected, and no more than an eighth of 16.</summary>
    [Theory]
    [InlineData(5, false)]
    [InlineData(10, true)]
    [InlineData(20, false)]
    public void Records_are_expected_as_fast_as_they_came_and_as_far_as_there_is_room(int milliseconds, bool isExpected)
    {
        using var ring = new FakeRing();
        var (then, now) = (Stopwatch.Frequency, Stopwatch.Frequency + (Stopwatch.Frequency / 100));
        var time = TimeSpan.FromMilliseconds(milliseconds);
        Assert.False(ring.Reader.Expects(time, then));
        for (var i = 0; i < 94; i++)
        {
            ring.Append([1, 2, 3, 4, 5, 6, 7, 8]);
        }

        Assert.Equal(94, ReadAll(ring).Count);

        Assert.Equal(isExpected, ring.Reader.Expects(time, now));
        Assert.False(ring.Reader.Expects(time, now + 1));
    }

    [Fact]
    public void A_record_being_written_holds_back_those_after_it_and_is_read_when_it_is_done()
    {
        using var ring = new FakeRing();
        ring.Append([1], FakeRing.Busy);
        ring.Append([2]);
        Assert.Empty(ReadAll(ring));
        Assert.Equal(RingState.Busy, ring.Reader.State);

        ring.WriteLength(0, 1);
        Assert.Equal(RingState.Ready, ring.Reader.State);
        Assert.Equal([[1], [2]], ReadAll(ring));
        Assert.Equal(RingState.Empty, ring.Reader.State);
    }

    [Fact]
    public void A_record_that_is_never_finished_is_given_up()
    {
        using var ring = new FakeRing(patience: TimeSpan.Zero);
        ring.Append([1], FakeRing.Busy);
        Assert.Empty(ReadAll(ring));
        AssertCorrupt(ring, "in the making");
    }

    [Theory]
    [InlineData(9u, "a record of 9 bytes stands where 16 are in use")] // Past what is written.
    [InlineData(FakeRing.Busy | 9, "a record of 9 bytes stands where 16 are in use")]
    [InlineData(FakeRing.Discarded | 0x3fffffff, "a record of 1073741823 bytes")]
    public void A_length_past_what_was_written_is_damage(uint length, string problem)
    {
        using var ring = new FakeRing();
        ring.Append([1]);
        ring.WriteLength(0, length);
        AssertCorrupt(ring, problem);
    }

    [Theory]
    [InlineData(0, FakeRing.Size + 8)] // More than there is room for.
    [InlineData(16, 8)] // The program behind the reader.
    [InlineData(0, 12)] // Between two places where records begin.
    [InlineData(4, 24)]
    [InlineData(0, -8)]
    [InlineData(-16, 0)] // Read on into the beginning: positions don't go round in a lifetime, but nothing breaks if they do.
    public void Positions_that_cannot_be_are_damage_or_nothing_worse(long consumer, long producer)
    {
        using var ring = new FakeRing();
        ring.Consumer = (ulong)consumer;
        ring.Producer = (ulong)producer;
        ring.WriteLength((ulong)consumer, 8);
        if (consumer < 0)
        {
            Assert.Single(ReadAll(ring));
        }
        else
        {
            AssertCorrupt(ring, "it was read up to position");
        }
    }

    [Fact]
    public void No_memory_makes_it_read_past_the_ring_or_never_end()
    {
        const int Rounds = 20_000;
        var random = new Random(5);
        using var ring = new FakeRing(patience: TimeSpan.Zero);
        var (damaged, read) = (0, 0L);
        for (var round = 0; round < Rounds; round++)
        {
            // From a ring as it should be, with a few words of it anything.
            ring.Consumer = ring.Producer = (ulong)random.Next(1 << 20) * 8;
            var positions = new List<ulong>();
            for (var i = random.Next(1, 20); i > 0; i--)
            {
                positions.Add(ring.Producer);
                ring.Append(new byte[random.Next(200)], random.Next(8) switch { 0 => FakeRing.Discarded, 1 => FakeRing.Busy, _ => 0 });
            }

            for (var i = random.Next(3); i > 0; i--)
            {
                ring.WriteLength(positions[random.Next(positions.Count)], random.Next(2) == 0 ? (uint)random.Next(300) : (uint)random.NextInt64(1L << 32));
            }

            switch (random.Next(6))
            {
                case 0:
                    ring.Producer = (ulong)random.NextInt64();
                    break;
                case 1:
                    ring.Consumer += (ulong)random.Next(-300, 300);
                    break;
            }

            try
            {
                var (from, to) = (ring.Consumer, ring.Producer);
                read += ReadAll(ring).Count;
                Assert.InRange(ring.Consumer - from, 0ul, to - from);
                read += ReadAll(ring).Count;
            }
            catch (CustomProtoException failure)
            {
                Assert.Equal("RingCorrupt", failure.ErrorId);
                damaged++;
            }
        }

        Assert.InRange(damaged, Rounds / 10, Rounds - 1);
        Assert.InRange(read, Rounds, long.MaxValue);
    }

    /// <summary>Every byte is touched: one outside of the mapping would end the process.</summary>
    static List<byte[]> ReadAll(FakeRing ring)
    {
        var records = new List<byte[]>();
        using var lease = ring.Reader.Lease();
        while (lease.TryRead(out var record))
        {
            Assert.InRange(record.Length, 0, FakeRing.Size - 8);
            Assert.InRange(records.Count, 0, FakeRing.Size / 8);
            records.Add(record.ToArray());
            lease.Advance();
        }

        return records;
    }

    static void AssertCorrupt(FakeRing ring, string problem)
    {
        var failure = Assert.Throws<CustomProtoException>(() => ReadAll(ring));
        Assert.Equal((FailureKind.InvalidData, "RingCorrupt"), (failure.Kind, failure.ErrorId));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }
}

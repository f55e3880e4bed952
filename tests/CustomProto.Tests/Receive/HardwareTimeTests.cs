using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Native;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.Tests.Receive;

/// <summary>From the card's clock to the time of a message.</summary>
public sealed class HardwareTimeTests
{
    const long Second = 1_000_000_000;
    const long Now = 1_700_000_000 * Second;
    const long Ahead = 37 * Second;

    [Theory]
    [InlineData(0, null)]
    [InlineData(Now - 700, Now - 700L)]
    [InlineData(Now + 5, Now + 5L)]
    [InlineData(Now - Second, Now - Second)]
    [InlineData(Now + Second, Now + Second)]
    [InlineData(Now - Second - 1, null)]
    [InlineData(Now + Second + 1, null)]
    [InlineData(Now + Ahead - 700, Now - 700L)]
    [InlineData(Now + Ahead + Second, Now + Second)]
    [InlineData(Now + Ahead + Second + 1, null)]
    [InlineData(Now + (20 * Second), null)]
    [InlineData(3600 * Second, null)]
    [InlineData(1, null)]
    [InlineData(long.MaxValue, null)]
    public void Clock_is_believed_within_a_second_of_the_kernel_as_UTC_or_TAI(long hardware, long? expected) =>
        Assert.Equal(expected, new WallClock(Ahead, 0).FromHardware((ulong)hardware, Now));

    [Fact]
    public void Clock_beyond_what_a_time_can_be_is_not_believed() => Assert.Null(new WallClock(Ahead, 0).FromHardware(ulong.MaxValue, Now));

    [Fact]
    public void System_that_does_not_know_TAI_does_not_make_it_up() => Assert.Null(new WallClock(0, 0).FromHardware((ulong)(Now + Ahead), Now));

    [Fact]
    public void Record_with_a_stamp_gives_a_message_with_the_time_of_the_card()
    {
        var now = Libc.ReadClock(Libc.CLOCK_REALTIME);

        var message = Decode((ulong)(now - 1234));

        Assert.Equal((TimestampSource.Hardware, now - 1234, now - 1234), (message.TimestampSource, message.Packet.UnixNanoseconds, message.HardwareNanoseconds));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(12 * 3600 * Second, 12 * 3600 * Second)]
    public void Record_without_one_or_with_that_of_a_clock_that_counts_from_its_start_has_the_time_of_the_kernel(long hardware, long? raw)
    {
        var before = Libc.ReadClock(Libc.CLOCK_REALTIME);

        var message = Decode((ulong)hardware);

        Assert.Equal((TimestampSource.Tai, raw), (message.TimestampSource, message.HardwareNanoseconds));
        Assert.InRange(message.Packet.UnixNanoseconds, before - Second, Libc.ReadClock(Libc.CLOCK_REALTIME) + Second);
    }

    static CustomMessage Decode(ulong hardware)
    {
        byte[] payload = [0xCA, 0xFE, 1, 1, 0, 0];
        var header = new Event
        {
            MonotonicNs = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC),
            TaiNs = (ulong)Libc.ReadClock(Libc.CLOCK_TAI),
            HardwareNs = hardware,
            Captured = (uint)payload.Length,
            IpVersion = 4,
        };
        return new RecordDecoder(ProtocolDefinition.Default, "eth0").Decode([.. MemoryMarshal.AsBytes(new ReadOnlySpan<Event>(in header)), .. payload]);
    }
}

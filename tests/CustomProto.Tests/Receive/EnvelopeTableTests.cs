using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.Tests.Receive;

/// <summary>Messages that have in common how they came share an object for it; what is told of each is what its own record says.</summary>
public sealed unsafe class EnvelopeTableTests
{
    static readonly byte[] s_payload = Convert.FromHexString("cafe0101000261");

    /// <summary>Whatever else was read before, on whichever bit the two differ.</summary>
    [Fact]
    public void Records_that_differ_in_one_bit_are_told_apart()
    {
        var first = Record();
        var decoder = NewDecoder();
        for (var bit = 0; bit < 8 * sizeof(Event); bit++)
        {
            var second = Record();
            second[bit / 8] ^= (byte)(1 << (bit % 8));
            var alone = NewDecoder();
            if (Decode(alone, second) is not { } expected)
            {
                continue; // what no program writes
            }

            _ = Decode(decoder, first);
            var message = Decode(decoder, second)!;

            Assert.Equal(WithoutClock(expected), WithoutClock(message));
        }
    }

    [Fact]
    public void Messages_that_came_the_same_way_take_an_object_and_their_bytes()
    {
        var decoder = NewDecoder();
        var record = Record();
        _ = decoder.Decode(record);
        fixed (byte* bytes = record)
        {
            // Another time and another loss, nothing else.
            ((Event*)bytes)->MonotonicNs++;
            ((Event*)bytes)->LostBefore = 3;
        }

        var allocated = Allocation.LeastOf(() => GC.KeepAlive(decoder.Decode(record)));

        Assert.InRange(allocated, 96, 128);
    }

    [Fact]
    public void More_senders_than_there_are_places_for_are_told_apart()
    {
        var decoder = NewDecoder();
        for (var round = 0; round < 2; round++)
        {
            for (var sender = 0; sender < 1000; sender++)
            {
                var record = Record();
                fixed (byte* bytes = record)
                {
                    ((Event*)bytes)->SourcePort = (ushort)sender;
                }

                Assert.Equal(sender, decoder.Decode(record).SourcePort);
            }
        }
    }

    static RecordDecoder NewDecoder() => new(ProtocolDefinition.Default, "eth0");

    static CustomMessage? Decode(RecordDecoder decoder, byte[] record)
    {
        try
        {
            return decoder.Decode(record);
        }
        catch (CustomProtoException)
        {
            return null;
        }
    }

    /// <summary>Two decoders read the difference of the clocks at two moments.</summary>
    static (PacketMetadata Packet, int Length, int Trailing, long Lost) WithoutClock(CustomMessage message) =>
        (message.Packet with { UnixNanoseconds = 0 }, message.Length, message.TrailingBytes, message.LostBefore);

    static byte[] Record()
    {
        var header = new Event
        {
            MonotonicNs = 1_000_000,
            Ifindex = 3,
            Cpu = 1,
            FrameLength = 60,
            Length = 2,
            Captured = (uint)s_payload.Length,
            SourcePort = 40_000,
            DestinationPort = 12_345,
            IpVersion = 4,
            Direction = (byte)Direction.Ingress,
            Hook = 2,
            Verdict = 2,
        };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<Event>(in header)), .. s_payload];
    }
}

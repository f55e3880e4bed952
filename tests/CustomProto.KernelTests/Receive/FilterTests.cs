using System.Buffers.Binary;
using System.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>What the kernel program keeps out, beside what this file thinks it should: two ways to say the same.</summary>
[Collection(KernelSuite.Name)]
public sealed class FilterTests
{
    const int HeaderSize = 20;
    static readonly string[] s_addresses = ["192.0.2.1", "192.0.2.2", "192.0.3.1", "10.0.0.1", "2001:db8::1", "2001:db8::ff", "2001:db9::1", "fe80::1"];
    static readonly int[] s_ports = [1, 777, 40000, 65535];
    static readonly byte[] s_types = [0, 1, 2, 63, 64, 127, 128, 200, 255];

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(1, ByteOrder.BigEndian)]
    [InlineData(2, ByteOrder.LittleEndian)]
    public void Kernel_keeps_out_what_the_filter_says(int seed, ByteOrder byteOrder)
    {
        var random = new Random(seed);
        var protocol = Protocol(byteOrder);
        using var program = ReceiverProgram.Load(new ReceiverOptions { Interface = "test", Protocol = protocol });
        using var slot = ReaderSlot.Create(program, ReceiverOptions.MinRingSize);
        using var reader = slot.Open(protocol, "test");
        var kept = 0;
        for (var round = 0; round < 150; round++)
        {
            var filter = RandomFilter(random);
            program.SetFilter(0, FilterEncoder.Encode(filter, protocol));
            var packets = Enumerable.Range(0, 40).Select(_ => Packet.Random(random)).ToArray();
            var before = Read(program);
            var expected = new List<string>();
            var matched = 0;
            foreach (var packet in packets)
            {
                program.Program.TestRun(packet.ToFrame(protocol), []);
                if (packet.IsValid && Matches(filter, packet) && matched++ % filter.Sample == 0)
                {
                    expected.Add(packet.Name);
                }

                if (!packet.IsValid && filter.IncludeRejected && MatchesRejected(filter, packet))
                {
                    expected.Add(packet.Name);
                }
            }

            var read = new List<string>();
            while (reader.TryRead(out var message, out var rejected))
            {
                Assert.True(rejected is null || rejected.Reason == RejectReason.BadMagic);
                read.Add(message is null ? Name(rejected!.LeadingBytes) : Name(protocol, message));
            }

            Assert.Equal(expected, read);
            kept += expected.Count;
            var after = Read(program);
            var valid = packets.Count(packet => packet.IsValid);
            Assert.Equal(valid, after.Offered - before.Offered);
            Assert.Equal(after.Offered, after.Delivered + after.Filtered + after.Lost);
            Assert.Equal(expected.Count, after.Delivered - before.Delivered + after.RejectedDelivered - before.RejectedDelivered);
            Assert.Equal((after.Valid, after.Seen), (after.Offered, after.Valid + after.BadMagic));
        }

        // Neither nothing nor everything, so that the comparison means something.
        Assert.InRange(kept, 300, 150 * 40 * 3 / 4);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Each_condition_by_itself()
    {
        var protocol = Protocol(ByteOrder.BigEndian);
        using var program = ReceiverProgram.Load(new ReceiverOptions { Interface = "test", Protocol = protocol, SnapLength = 0 });
        using var slot = ReaderSlot.Create(program, ReceiverOptions.MinRingSize);
        using var reader = slot.Open(protocol, "test");
        var packet = new Packet(1, "192.0.2.7", 40000, 777, 5, 0x0102030405060708, "Hello"u8.ToArray());

        AssertFilter(true, ReaderFilter.None);
        AssertFilter(true, new ReaderFilter { Types = [(MessageType)5, (MessageType)6] });
        AssertFilter(false, new ReaderFilter { Types = [(MessageType)6] });
        AssertFilter(true, new ReaderFilter { SourceAddresses = [AddressRange.Parse("192.0.2.7")] });
        AssertFilter(true, new ReaderFilter { SourceAddresses = [AddressRange.Parse("2001:db8::/32"), AddressRange.Parse("192.0.2.255/24")] });
        AssertFilter(true, new ReaderFilter { SourceAddresses = [AddressRange.Parse("0.0.0.0/0")] });
        AssertFilter(false, new ReaderFilter { SourceAddresses = [AddressRange.Parse("::/0")] });
        AssertFilter(false, new ReaderFilter { SourceAddresses = [AddressRange.Parse("192.0.2.8/30")] });
        AssertFilter(true, new ReaderFilter { SourcePorts = [1, 40000] });
        AssertFilter(false, new ReaderFilter { SourcePorts = [777] });
        AssertFilter(true, new ReaderFilter { DestinationPorts = [777] });
        AssertFilter(false, new ReaderFilter { DestinationPorts = [40000] });
        AssertFilter(true, new ReaderFilter { DataPrefix = "Hello"u8.ToArray() });
        AssertFilter(false, new ReaderFilter { DataPrefix = "Hello "u8.ToArray() });
        AssertFilter(false, new ReaderFilter { DataPrefix = "hell"u8.ToArray() });
        AssertFilter(true, new ReaderFilter { Fields = new Dictionary<string, ulong> { ["session"] = 0x0102030405060708 } });
        AssertFilter(false, new ReaderFilter { Fields = new Dictionary<string, ulong> { ["Session"] = 0x0102030405060709 } });
        AssertFilter(true, new ReaderFilter { Sample = 2 });

        void AssertFilter(bool passes, ReaderFilter filter)
        {
            program.SetFilter(0, FilterEncoder.Encode(filter, protocol));
            program.Program.TestRun(packet.ToFrame(protocol), []);
            Assert.Equal(passes, reader.TryRead(out var message));
            Assert.Equal(passes ? 0 : null, message?.CapturedLength);
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Readers_have_filters_of_their_own_and_a_message_is_put_into_each_ring_once()
    {
        var protocol = Protocol(ByteOrder.BigEndian);
        using var program = ReceiverProgram.Load(new ReceiverOptions { Interface = "test", Protocol = protocol });
        var slots = Enumerable.Range(0, Abi.Limit.MaxReaders)
            .Select(index => ReaderSlot.Create(program, ReceiverOptions.MinRingSize, index, $"reader{index}", isKept: true)).ToArray();
        var readers = slots.Select(slot => slot.Open(protocol, "test")).ToArray();
        for (var index = 0; index < slots.Length; index++)
        {
            program.SetFilter(index, FilterEncoder.Encode(new ReaderFilter { Types = [(MessageType)index] }, protocol));
        }

        for (byte type = 0; type < 20; type++)
        {
            program.Program.TestRun(new Packet(type, "192.0.2.1", 1, 777, type, 0, new byte[1000]).ToFrame(protocol), []);
        }

        for (var index = 0; index < slots.Length; index++)
        {
            Assert.True(readers[index].TryRead(out var message));
            Assert.Equal((index, 1000), ((int)message.Type, message.CapturedLength));
            Assert.False(readers[index].TryRead(out _));
            var counted = ReceiveStatistics.Sum(new ReceiveStatistics { Interface = "", ProgramId = 0, Reader = "" }, program.ReadCounters(), program.ReadReaderCounters(index));
            Assert.Equal((20, 20, 1, 19, 0), (counted.Valid, counted.Offered, counted.Delivered, counted.Filtered, counted.Lost));
            readers[index].Dispose();
            slots[index].Dispose();
        }
    }

    static ProtocolDefinition Protocol(ByteOrder byteOrder) => new(
        "Filtered",
        ports: [777],
        headerSize: HeaderSize,
        fields:
        [
            new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xBEEF),
            new ProtocolField("Number", 3, 4),
            new ProtocolField("Session", 7, 8),
            new ProtocolField("Kind", 15, 1, FieldRole.Type),
            new ProtocolField("Size", 16, 2, FieldRole.Length),
            new ProtocolField("Flags", 18, 2),
        ],
        byteOrder: byteOrder);

    static ReaderFilter RandomFilter(Random random)
    {
        T[] Some<T>(IReadOnlyList<T> from, int most) => [.. Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => from[random.Next(from.Count)])];
        bool Rarely() => random.Next(4) == 0;
        var filter = new ReaderFilter { Sample = Rarely() ? random.Next(1, 5) : 1, IncludeRejected = random.Next(2) == 0 };
        return filter with
        {
            Types = Rarely() ? [.. Some(s_types, 6).Select(type => (MessageType)type)] : [],
            SourceAddresses = Rarely() ? [.. Some(s_addresses, 4).Select(address => RandomRange(random, address))] : [],
            SourcePorts = Rarely() ? Some(s_ports, 4) : [],
            DestinationPorts = random.Next(8) == 0 ? Some([777, 778], 2) : [],
            DataPrefix = Rarely() ? RandomData(random, random.Next(1, 3)) : default,
            Fields = Rarely() ? new Dictionary<string, ulong> { ["Session"] = (ulong)random.Next(3), ["Flags"] = (ulong)random.Next(2) * 0x1234 } : filter.Fields,
        };
    }

    static AddressRange RandomRange(Random random, string address)
    {
        var parsed = InternetAddress.From(IPAddress.Parse(address));
        return new AddressRange(parsed, random.Next(parsed.IsIPv6 ? 129 : 33));
    }

    static byte[] RandomData(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(2))];

    static bool Matches(ReaderFilter filter, Packet packet) =>
        MatchesRejected(filter, packet)
        && (filter.Types.Count == 0 || filter.Types.Contains((MessageType)packet.Type))
        && packet.Data.AsSpan().StartsWith(filter.DataPrefix.Span)
        && filter.Fields.All(field => field.Key switch { "Session" => packet.Session == field.Value, _ => packet.Flags == field.Value });

    static bool MatchesRejected(ReaderFilter filter, Packet packet) =>
        (filter.SourceAddresses.Count == 0 || filter.SourceAddresses.Any(range => new IPNetwork(Mask(range), range.PrefixLength).Contains(IPAddress.Parse(packet.Source))))
        && (filter.SourcePorts.Count == 0 || filter.SourcePorts.Contains(packet.SourcePort))
        && (filter.DestinationPorts.Count == 0 || filter.DestinationPorts.Contains(packet.DestinationPort));

    /// <summary>The base library's networks don't take addresses with other bits than the prefix.</summary>
    static IPAddress Mask(AddressRange range)
    {
        var bytes = range.Address.ToIPAddress().GetAddressBytes();
        for (var bit = range.PrefixLength; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    static ReceiveStatistics Read(ReceiverProgram program) => ReceiveStatistics.Sum(
        new ReceiveStatistics { Interface = "", ProgramId = 0, Reader = "" }, program.ReadCounters(), program.ReadReaderCounters(0));

    static string Name(ProtocolDefinition protocol, CustomMessage message) =>
        $"{message.Fields["Number"]} {message.SourceAddress} {message.SourcePort} {(int)message.Type} {message.Length} {protocol.Name == message.Protocol}";

    static string Name(ReadOnlySpan<byte> payload) => $"rejected {payload[2]}";

    sealed record Packet(uint Number, string Source, int SourcePort, int DestinationPort, byte Type, ulong Session, byte[] Data, ushort Flags = 0, bool IsValid = true)
    {
        internal string Name => IsValid ? $"{Number} {Source} {SourcePort} {Type} {Data.Length} True" : $"rejected {(byte)Number}";

        internal static Packet Random(Random random)
        {
            var toPort = random.Next(2) == 0;
            var other = s_ports[random.Next(s_ports.Length)];
            return new Packet(
                (uint)random.Next(), s_addresses[random.Next(s_addresses.Length)], toPort ? other : 777, toPort ? 777 : other, s_types[random.Next(s_types.Length)],
                (ulong)random.Next(3), RandomData(random, random.Next(random.Next(2) == 0 ? 3 : 300)), (ushort)(random.Next(2) * 0x1234), random.Next(8) > 0);
        }

        internal byte[] ToFrame(ProtocolDefinition protocol)
        {
            var payload = new byte[HeaderSize + Data.Length];
            foreach (var field in protocol.Fields)
            {
                protocol.Write(field, payload, field.Name switch
                {
                    "Magic" => IsValid ? 0xBEEFu : 0,
                    "Number" => Number,
                    "Session" => Session,
                    "Kind" => Type,
                    "Size" => (ulong)Data.Length,
                    _ => Flags,
                });
            }

            payload[2] = (byte)Number;
            Data.CopyTo(payload, HeaderSize);
            byte[] udp = [.. Big(SourcePort), .. Big(DestinationPort), .. Big(8 + payload.Length), 0, 0, .. payload];
            var source = IPAddress.Parse(Source).GetAddressBytes();
            byte[] packet = source.Length == 4
                ? [0x45, 0, .. Big(20 + udp.Length), 0, 0, 0x40, 0, 64, 17, 0, 0, .. source, 192, 0, 2, 9, .. udp]
                : [0x60, 0, 0, 0, .. Big(udp.Length), 17, 64, .. source, .. source, .. udp];
            return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, .. source.Length == 4 ? (byte[])[0x08, 0x00] : [0x86, 0xDD], .. packet];
        }

        static byte[] Big(int value)
        {
            var bytes = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
            return bytes;
        }
    }
}

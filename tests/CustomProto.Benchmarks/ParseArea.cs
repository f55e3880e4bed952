using System.Buffers.Binary;
using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>What a packet costs in the kernel, ours and others, beside a program that is as small as it gets.</summary>
static class ParseArea
{
    const double Target = 1.2;
    const int Port = 12345;

    /// <summary>Runs in a call of the kernel: so many that the call itself is less than a hundredth of it.</summary>
    const int Runs = 500_000;

    /// <summary>Of the message, which ends up in the ring: no more than there is room for.</summary>
    const int MessageRuns = 50_000;

    internal const string Remarks =
        """
        `BPF_PROG_TEST_RUN`, its own cost included, about 8 ns: a number is the CPU time of ten million runs by the number of runs. They are
        made in 20 calls, in turn with the peer's, since what else runs on the physical processor changes from one instant to the next; and it
        is CPU time and not the duration that the kernel tells, as that is cut to whole nanoseconds. The peer, `tests/CustomProto.Benchmarks/peers/minimal.bpf.c`, is
        a tutorial's program: port and offsets are hard-wired, it knows neither tags nor IPv6 nor options, and of a message it only
        counts that there was one, while ours checks all of it, counts and copies it with its metadata to the ring.
        """;

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        var (calls, runs) = settings.Quick ? (2, Runs / 10) : (20, Runs);
        using var ours = TestReceiver.Load(new ReceiverOptions { Interface = "benchmark" });
        using var peers = new Peers();
        using var loading = BpfObject.Open("minimal", File.ReadAllBytes(peers.CompileBpf("minimal")));
        loading.Load("minimal");
        using var peer = loading.TakeProgram("minimal");

        var comparisons = Packets().Select(packet => (packet.Frame, packet.IsOurs, Comparison: Compare(packet.Name, packet.IsOurs ? null : Target))).ToArray();
        for (var pair = 0; pair < settings.Pairs; pair++)
        {
            foreach (var (frame, isOurs, comparison) in comparisons)
            {
                var (our, their) = (0.0, 0.0);
                for (var call = 0; call < calls; call++)
                {
                    our += Measure(ours.Program, frame, isOurs ? MessageRuns : runs);
                    their += Measure(peer, frame, isOurs ? MessageRuns : runs);

                    // A full ring would be faster than one that is filled.
                    ours.Reader.Skip();
                }

                comparison.Ours.Values.Add(our / calls);
                comparison.Peers[0].Values.Add(their / calls);
            }
        }

        return [.. comparisons.Select(one => one.Comparison)];
    }

    /// <summary>Nanoseconds of the CPU for a run, on average.</summary>
    static double Measure(BpfProgram program, byte[] frame, int runs)
    {
        var started = Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID);
        program.TestRun(frame, [], repeat: runs);
        return (double)(Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID) - started) / runs;
    }

    static Comparison Compare(string packet, double? target) => new(packet, "ns", new Series("ours"), new Series("minimal") { TargetRatio = target });

    static IEnumerable<(string Name, byte[] Frame, bool IsOurs)> Packets()
    {
        byte[] message = [0xCA, 0xFE, 1, 1, 0, 11, .. "Hello World"u8];
        yield return ("ARP", Ethernet(0x0806, new byte[46]), false);
        yield return ("TCP over IPv4", Ethernet(0x0800, IPv4(6, Segment())), false);
        yield return ("TCP over IPv6", Ethernet(0x86DD, IPv6(6, Segment())), false);
        yield return ("TCP over IPv4, tagged", Ethernet(0x8100, [0, 100, 0x08, 0x00, .. IPv4(6, Segment())]), false);
        yield return ("UDP on another port", Ethernet(0x0800, IPv4(17, Datagram(53, message))), false);
        yield return ("valid message", Ethernet(0x0800, IPv4(17, Datagram(Port, message))), true);
    }

    static byte[] Ethernet(int type, byte[] payload) => [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, (byte)(type >> 8), (byte)type, .. payload];

    static byte[] IPv4(byte protocol, byte[] payload)
    {
        byte[] packet = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        return packet;
    }

    static byte[] IPv6(byte next, byte[] payload)
    {
        byte[] packet = [0x60, 0, 0, 0, 0, 0, next, 64, .. new byte[32], .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        return packet;
    }

    static byte[] Segment()
    {
        var segment = new byte[60];
        BinaryPrimitives.WriteUInt16BigEndian(segment, 40000);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), 443);
        segment[12] = 0x50;
        return segment;
    }

    static byte[] Datagram(int port, byte[] payload)
    {
        byte[] datagram = [0x9C, 0x40, (byte)(port >> 8), (byte)port, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        return datagram;
    }
}

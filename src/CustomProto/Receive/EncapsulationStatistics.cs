using CustomProto.Abi;

namespace CustomProto.Receive;

/// <summary>
/// What became of the datagrams on the port of a program that adds or removes the protocol's header, summed over the CPUs. At rest
/// <see cref="Considered"/> is the sum of all that follow it but <see cref="Told"/>. Of what leaves, <see cref="Encapsulated"/> and
/// <see cref="Skipped"/> together are what the program then saw as a receiver.
/// </summary>
public sealed record EncapsulationStatistics
{
    /// <summary>Datagrams on the port.</summary>
    public long Considered { get; init; }

    /// <summary>Datagrams that got the header.</summary>
    public long Encapsulated { get; init; }

    /// <summary>Messages that lost the header.</summary>
    public long Decapsulated { get; init; }

    /// <summary>Left as they were: messages already, on the way out, and no messages, on the way in; or with lengths that contradict each other.</summary>
    public long Skipped { get; init; }

    /// <summary>Dropped: with the header they would be longer than the MTU allows.</summary>
    public long TooBig { get; init; }

    /// <summary>Dropped: packets of several datagrams (UDP_SEGMENT, GRO), into which no headers can be put. Each packet counts once.</summary>
    public long Gso { get; init; }

    /// <summary>First fragments of fragmented datagrams: dropped on the way out, left as they were on the way in.</summary>
    public long Fragment { get; init; }

    /// <summary>Dropped: the kernel had no memory.</summary>
    public long Failed { get; init; }

    /// <summary>Of <see cref="TooBig"/>, those whose sender, a process of this machine, was told by ICMP.</summary>
    public long Told { get; init; }

    internal static EncapsulationStatistics Sum(EncapsulationCounters[] counters) => new()
    {
        Considered = counters.Sum(cpu => (long)cpu.Considered),
        Encapsulated = counters.Sum(cpu => (long)cpu.Encapsulated),
        Decapsulated = counters.Sum(cpu => (long)cpu.Decapsulated),
        Skipped = counters.Sum(cpu => (long)cpu.Skipped),
        TooBig = counters.Sum(cpu => (long)cpu.TooBig),
        Gso = counters.Sum(cpu => (long)cpu.Gso),
        Fragment = counters.Sum(cpu => (long)cpu.Fragment),
        Failed = counters.Sum(cpu => (long)cpu.Failed),
        Told = counters.Sum(cpu => (long)cpu.Told),
    };
}

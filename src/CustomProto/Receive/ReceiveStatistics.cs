using CustomProto.Abi;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>
/// The counters of a program and one of its readers, summed over the CPUs. At rest <see cref="Seen"/> is <see cref="Valid"/> and every
/// reason together, and <see cref="Offered"/> is <see cref="Delivered"/>, <see cref="Filtered"/> and <see cref="Lost"/> together.
/// </summary>
public sealed record ReceiveStatistics
{
    /// <summary>The interface's name.</summary>
    public required string Interface { get; init; }

    /// <summary>Where on a packet's way the program sits.</summary>
    public AttachPoint AttachPoint { get; init; }

    /// <summary>The program's id.</summary>
    public required uint ProgramId { get; init; }

    /// <summary>The reader's name.</summary>
    public required string Reader { get; init; }

    /// <summary>The CPU that counted; <see langword="null"/> for the sums over all of them.</summary>
    public int? Cpu { get; init; }

    /// <summary>Packets on the port.</summary>
    public long Seen { get; init; }

    /// <summary>Valid messages.</summary>
    public long Valid { get; init; }

    /// <summary>First fragments of fragmented datagrams.</summary>
    public long Fragment { get; init; }

    /// <summary>Packets that end before their lengths say, or before the header does.</summary>
    public long Truncated { get; init; }

    /// <summary>Packets with a wrong checksum, where checking was asked for.</summary>
    public long BadChecksum { get; init; }

    /// <summary>Packets with another magic.</summary>
    public long BadMagic { get; init; }

    /// <summary>Packets with another version.</summary>
    public long BadVersion { get; init; }

    /// <summary>Packets whose length field says more than there is.</summary>
    public long BadLength { get; init; }

    /// <summary>Fragments after the first, of UDP datagrams on any port: outside the sums, as they carry no port.</summary>
    public long LaterFragments { get; init; }

    /// <summary>
    /// Of <see cref="Seen"/>, the datagrams that came merged with others into one packet (GRO, GSO); each is judged by itself. Only a program
    /// at tc can tell them apart.
    /// </summary>
    public long Aggregated { get; init; }

    /// <summary>
    /// Valid messages since the reader was added: all of <see cref="Valid"/> for one that was there from the beginning, such as the default one.
    /// </summary>
    public long Offered { get; init; }

    /// <summary>Messages put into the reader's ring.</summary>
    public long Delivered { get; init; }

    /// <summary>Messages that the reader's filter kept out.</summary>
    public long Filtered { get; init; }

    /// <summary>Messages that found the reader's ring full.</summary>
    public long Lost { get; init; }

    /// <summary>Packets that are no messages, put into the ring of a reader that gets them too: outside the sums.</summary>
    public long RejectedDelivered { get; init; }

    /// <summary>Packets that are no messages, for a reader that gets them too, that found its ring full: outside the sums.</summary>
    public long RejectedLost { get; init; }

    /// <summary>Requests that the kernel answered. This and the two that follow stand beside the sums: the messages are valid ones.</summary>
    public long Answered { get; init; }

    /// <summary>Requests that weren't answered because a limit was reached.</summary>
    public long Limited { get; init; }

    /// <summary>Requests that couldn't be answered, or whose answer would have gone where none may.</summary>
    public long Unanswerable { get; init; }

    /// <summary>How long the answers took, by the type of the requests; empty without answers.</summary>
    public IReadOnlyList<ResponseLatency> ResponseLatency { get; init; } = [];

    /// <summary>Packets that were no valid messages, for whatever reason.</summary>
    public long Rejected => Fragment + Truncated + BadChecksum + BadMagic + BadVersion + BadLength;

    /// <summary>The time that the rates are averages over; <see langword="null"/> where there are none.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Packets on the port per second.</summary>
    public double? SeenRate { get; init; }

    /// <summary>Packets per second that were no valid messages.</summary>
    public double? RejectedRate { get; init; }

    /// <summary>Valid messages per second.</summary>
    public double? ValidRate { get; init; }

    /// <summary>Messages per second put into the reader's ring.</summary>
    public double? DeliveredRate { get; init; }

    /// <summary>Messages per second that the reader's filter kept out.</summary>
    public double? FilteredRate { get; init; }

    /// <summary>Messages per second that found the reader's ring full.</summary>
    public double? LostRate { get; init; }

    /// <summary>Requests per second that the kernel answered.</summary>
    public double? AnsweredRate { get; init; }

    /// <summary>Requests per second that weren't answered because a limit was reached.</summary>
    public double? LimitedRate { get; init; }

    /// <summary>The same counters with the rates since an earlier reading of them.</summary>
    /// <param name="earlier">What the same program, reader and CPU had counted then.</param>
    /// <param name="interval">How long ago that was.</param>
    /// <exception cref="ArgumentOutOfRangeException">It wasn't earlier.</exception>
    public ReceiveStatistics Since(ReceiveStatistics earlier, TimeSpan interval)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        var seconds = interval.TotalSeconds;
        return this with
        {
            Interval = interval,
            SeenRate = (Seen - earlier.Seen) / seconds,
            RejectedRate = (Rejected - earlier.Rejected) / seconds,
            ValidRate = (Valid - earlier.Valid) / seconds,
            DeliveredRate = (Delivered - earlier.Delivered) / seconds,
            FilteredRate = (Filtered - earlier.Filtered) / seconds,
            LostRate = (Lost - earlier.Lost) / seconds,
            AnsweredRate = (Answered - earlier.Answered) / seconds,
            LimitedRate = (Limited - earlier.Limited) / seconds,
        };
    }

    /// <summary>What each CPU counted: those that this machine has, and those that have counted anything.</summary>
    internal static IEnumerable<ReceiveStatistics> Split(ReceiveStatistics of, Counters[] counters, ReaderCounters[] readerCounters) => Enumerable
        .Range(0, counters.Length)
        .Select(cpu => Sum(of with { Cpu = cpu }, [counters[cpu]], [readerCounters[cpu]]))
        .Where(one => one.Cpu < Environment.ProcessorCount || one.Seen + one.Delivered + one.Filtered + one.Lost + one.LaterFragments > 0);

    /// <summary>The sums over all CPUs of what the program and the reader named in <paramref name="of"/> counted.</summary>
    internal static unsafe ReceiveStatistics Sum(ReceiveStatistics of, Counters[] counters, ReaderCounters[] readerCounters) => of with
    {
        Seen = counters.Sum(cpu => (long)cpu.Seen),
        Valid = counters.Sum(cpu => (long)cpu.Valid),
        Fragment = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.Fragment]),
        Truncated = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.Truncated]),
        BadChecksum = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.BadChecksum]),
        BadMagic = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.BadMagic]),
        BadVersion = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.BadVersion]),
        BadLength = counters.Sum(cpu => (long)cpu.Reasons[(int)Reason.BadLength]),
        Aggregated = counters.Sum(cpu => (long)cpu.Aggregated),
        LaterFragments = counters.Sum(cpu => (long)cpu.LaterFragments),
        Offered = readerCounters.Sum(cpu => (long)cpu.Offered),
        Answered = counters.Sum(cpu => (long)cpu.Answered),
        Limited = counters.Sum(cpu => (long)cpu.Limited),
        Unanswerable = counters.Sum(cpu => (long)cpu.Unanswerable),
        Delivered = readerCounters.Sum(cpu => (long)cpu.Delivered),
        Filtered = readerCounters.Sum(cpu => (long)cpu.Filtered),
        Lost = readerCounters.Sum(cpu => (long)cpu.Lost),
        RejectedDelivered = readerCounters.Sum(cpu => (long)cpu.RejectedDelivered),
        RejectedLost = readerCounters.Sum(cpu => (long)cpu.RejectedLost),
    };
}

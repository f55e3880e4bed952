using System.Net;

namespace CustomProto.Send;

/// <summary>What became of the packets of one <see cref="Sender"/>, from the first to the last.</summary>
public sealed record SendResult
{
    /// <summary>How they were sent.</summary>
    public required Transport Transport { get; init; }

    /// <summary>The interface that they left by.</summary>
    public required string Interface { get; init; }

    /// <summary>Whom they were sent to.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The UDP port that they were sent to.</summary>
    public required int DestinationPort { get; init; }

    /// <summary>The address that they were sent from.</summary>
    public required IPAddress SourceAddress { get; init; }

    /// <summary>The UDP port that they were sent from.</summary>
    public required int SourcePort { get; init; }

    /// <summary>How many packets the kernel took.</summary>
    public required long Packets { get; init; }

    /// <summary>
    /// Their bytes as the interface counts them, with both transports: from the link-layer header (none on a tunnel) to the last data
    /// byte, without padding and frame check sequence.
    /// </summary>
    public required long Bytes { get; init; }

    /// <summary>From just before the first packet was handed to the kernel until it had taken the last.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Packets per second that the kernel took; 0 without packets. Where a rate was asked for, the time from the first packet to the last
    /// is one interval shorter than there are packets.
    /// </summary>
    public double AchievedRate => (RequestedRate is null ? Packets : Packets - 1) is > 0 and var packets && Elapsed > TimeSpan.Zero
        ? packets / Elapsed.TotalSeconds
        : 0;

    /// <summary>Packets per second that were asked for, of the latest run that was given a pace; <see langword="null"/> for as many as possible.</summary>
    public double? RequestedRate { get; init; }

    /// <summary>
    /// How many errors there were: ICMP messages that came back during the run (with <see cref="Transport.Udp"/>; routers and hosts limit
    /// how many they send), and a refusal by the kernel that ended it. Packets are counted whether or not an ICMP message answered them.
    /// </summary>
    public long Errors => ErrorsByName.Values.Sum();

    /// <summary>The errors by the symbol of their error number, such as <c>ECONNREFUSED</c> for ICMP port unreachable.</summary>
    public IReadOnlyDictionary<string, long> ErrorsByName { get; init; } = new Dictionary<string, long>();

    /// <summary>
    /// How many packets the interface counted as transmitted during the run; fewer than <see cref="Packets"/> were lost before they left
    /// (a full queue, a peer that is down), unless the driver refreshes its counters only now and then. <see langword="null"/> where it
    /// can't be told: others sent too, or the interface is gone.
    /// </summary>
    public long? Confirmed { get; init; }

    /// <summary>CLOCK_MONOTONIC just before the first packet was handed to the kernel, in nanoseconds; 0 without packets.</summary>
    public required long MonotonicNanoseconds { get; init; }
}

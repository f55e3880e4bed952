using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>A program's map of the sources that talked to it.</summary>
static unsafe class PeerMap
{
    /// <summary>Every source, the one that was last heard first; then those that were evicted, if there are any.</summary>
    /// <param name="peers">The map.</param>
    /// <param name="of">The program, as the rows name it.</param>
    /// <param name="protocol">The protocol.</param>
    /// <param name="counters">The program's counters, read before the map: what comes in between is then in no row twice.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static IReadOnlyList<CustomPeer> Read(BpfMap peers, CustomPeer of, ProtocolDefinition protocol, Counters[] counters)
    {
        var clock = WallClock.Read();
        var rows = peers.ReadEntries<PeerKey, Peer>().ConvertAll(entry => Row(entry.Key, entry.Value, of, protocol, clock));
        rows.Sort((one, other) => other.LastMonotonicNanoseconds.GetValueOrDefault().CompareTo(one.LastMonotonicNanoseconds.GetValueOrDefault()));

        // While traffic runs, the map knows of more than the counters read before it.
        var messages = Math.Max(0, counters.Sum(cpu => (long)cpu.Valid) - rows.Sum(row => row.Messages));
        var evicted = Math.Max(0, counters.Sum(cpu => (long)cpu.Peers) - rows.Count);
        if (messages > 0 || evicted > 0)
        {
            rows.Add(of with { Messages = messages, Evicted = evicted });
        }

        return rows;
    }

    static CustomPeer Row(in PeerKey key, in Peer peer, CustomPeer of, ProtocolDefinition protocol, WallClock clock)
    {
        fixed (PeerKey* source = &key)
        {
            fixed (Peer* at = &peer)
            {
                var type = (MessageType)at->LastType;
                return of with
                {
                    SourceAddress = InternetAddress.From(new ReadOnlySpan<byte>(source->Address, 16), source->IpVersion == 6).ToIPAddress(),
                    Messages = (long)at->Messages,
                    Bytes = (long)at->Bytes,
                    Answered = (long)at->Answered,
                    FirstSeen = clock.ToTime(at->FirstNs, at->FirstTaiNs),
                    LastSeen = clock.ToTime(at->LastNs, at->LastTaiNs),
                    FirstMonotonicNanoseconds = (long)at->FirstNs,
                    LastMonotonicNanoseconds = (long)at->LastNs,
                    LastPort = at->LastPort,
                    LastType = type,
                    LastTypeName = protocol.TypeName(type),
                    LastLength = (int)at->LastLength,
                    LastData = new ReadOnlySpan<byte>(at->LastData, Math.Min((int)at->LastCaptured, Limit.PeerData)).ToArray(),
                };
            }
        }
    }
}

using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>The maps of a program's responder: what it is set up with, and how long its answers took.</summary>
sealed unsafe class ResponderMaps : IDisposable
{
    readonly BpfMap _responders;
    readonly BpfMap _kept;
    readonly BpfMap _latencies;

    ResponderMaps(BpfMap responders, BpfMap kept, BpfMap latencies)
    {
        _responders = responders;
        _kept = kept;
        _latencies = latencies;
    }

    /// <summary>The maps of a loaded object.</summary>
    internal static ResponderMaps Take(BpfObject loaded) =>
        new(loaded.TakeMap("responders"), loaded.TakeMap("kept_responder"), loaded.TakeMap("latencies"));

    /// <summary>Takes up what <see cref="Pin"/> pinned.</summary>
    /// <exception cref="NativeException">Something of it is missing.</exception>
    internal static ResponderMaps Open(uint programId) => new(
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Responders)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.KeptResponder)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Latencies)));

    /// <summary>Pins the maps.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(uint programId)
    {
        _responders.Pin(ReceiverPins.Path(programId, ReceiverPins.Responders));
        _kept.Pin(ReceiverPins.Path(programId, ReceiverPins.KeptResponder));
        _latencies.Pin(ReceiverPins.Path(programId, ReceiverPins.Latencies));
    }

    /// <summary>What the responder is set up with, or was.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal Responder Read() => _kept.Lookup<Responder>(0);

    /// <summary>
    /// Sets the responder up, or switches it off. Each request meets the old one or the new one; on return, no request meets the old one
    /// any more (the kernel waits for the programs that run).
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Set(Responder state)
    {
        if (state.Enabled == 0)
        {
            if (Read().Enabled != 0)
            {
                _responders.Remove(0);
            }
        }
        else
        {
            // The program holds it from then on.
            using var map = BpfMap.CreateValue("cp_responder", new ReadOnlySpan<byte>(&state, sizeof(Responder)));
            _responders.Update(0, map);
        }

        _kept.Update(0, state);
    }

    /// <summary>How long answers took, by the type of their request; types that weren't answered are left out.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal IReadOnlyList<ResponseLatency> ReadLatencies(ProtocolDefinition protocol)
    {
        var latencies = new List<ResponseLatency>();
        for (var type = 0; type < Responder.TypeCount; type++)
        {
            var counts = new long[Limit.LatencyBuckets];
            foreach (var cpu in _latencies.LookupPerCpu<Latency>((uint)type))
            {
                for (var i = 0; i < counts.Length; i++)
                {
                    counts[i] += (long)cpu.Buckets[i];
                }
            }

            if (counts.Any(count => count > 0))
            {
                latencies.Add(ResponseLatency.Of((MessageType)type, protocol.TypeName((MessageType)type), counts));
            }
        }

        return latencies;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _latencies.Dispose();
        _kept.Dispose();
        _responders.Dispose();
    }
}

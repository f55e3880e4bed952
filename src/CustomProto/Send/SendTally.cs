using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>The count of what a sender did, kept up to date while it sends, so that it also holds after a failure.</summary>
sealed class SendTally
{
    readonly Dictionary<string, long> _errors = [];

    /// <summary>How many packets the kernel took.</summary>
    internal long Packets { get; private set; }

    /// <summary>Their bytes.</summary>
    internal long Bytes { get; private set; }

    /// <summary>CLOCK_MONOTONIC just before the first packet, in nanoseconds; 0 before.</summary>
    internal long FirstNanoseconds { get; private set; }

    /// <summary>CLOCK_MONOTONIC just before the latest run, in nanoseconds; 0 before.</summary>
    internal long LatestNanoseconds { get; private set; }

    /// <summary>CLOCK_MONOTONIC when the latest run was over, in nanoseconds.</summary>
    internal long EndNanoseconds { get; private set; }

    /// <summary>A copy of the errors by symbol.</summary>
    internal IReadOnlyDictionary<string, long> ErrorsByName => new Dictionary<string, long>(_errors);

    /// <summary>Notes the time: packets are handed over next.</summary>
    internal void Begin() => Begin(Libc.ReadClock(Libc.CLOCK_MONOTONIC));

    /// <summary>Notes when packets began to be handed over.</summary>
    internal void Begin(long now)
    {
        LatestNanoseconds = now;
        if (FirstNanoseconds == 0)
        {
            FirstNanoseconds = LatestNanoseconds;
        }
    }

    /// <summary>Counts packets that the kernel took.</summary>
    internal void Add(long packets, int bytesEach)
    {
        Packets += packets;
        Bytes += packets * bytesEach;
    }

    /// <summary>Counts an error.</summary>
    internal void AddError(int errno)
    {
        var name = Errno.Name(errno);
        _errors[name] = _errors.GetValueOrDefault(name) + 1;
    }

    /// <summary>Notes the time: no more packets in this run.</summary>
    internal void End() => End(Libc.ReadClock(Libc.CLOCK_MONOTONIC));

    /// <summary>Notes when the last packet of this run went.</summary>
    internal void End(long now) => EndNanoseconds = now;
}

using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>
/// Frames that a BPF program completes and sends in the kernel. A run of many is one call on a thread of its own; few packets, and those
/// at a rate that can be waited for, are a call each on the thread that sends.
/// </summary>
sealed class XdpTransport : PacketTransport
{
    /// <summary>
    /// Up to so many packets a second are waited for in between; above, the program keeps the pace, and the thread does nothing else: a
    /// call for several packets would take tens of milliseconds.
    /// </summary>
    internal const double MaxWaitingRate = 20_000;

    /// <summary>Up to so many packets, a call each takes less than one for all.</summary>
    const int FewPackets = 1000;

    /// <summary>How many such calls are made between two looks at the token and the clock.</summary>
    const int CallsAtOnce = 64;

    /// <summary>How often a look is taken at whether the interface is still there, in nanoseconds.</summary>
    const long LinkCheckInterval = 20_000_000;

    /// <summary>The length of the longest frame: of what a page holds, as much as the program has a copy of.</summary>
    static readonly int s_maxFrame = Math.Min(BpfProgram.MaxLiveFrameLength, SendLimit.MaxFrame);

    readonly PacketPath _path;
    readonly SendOptions _options;
    readonly FrameOrigin _origin;
    SendTemplate? _template;
    SendProgram[] _programs = [];
    ulong _nextSequence;
    long _nextLinkCheck;

    /// <summary>Finds out what the frames say. The program is loaded for the first message, as it depends on the length.</summary>
    /// <param name="path">The way to the receiver.</param>
    /// <param name="options">The options.</param>
    /// <param name="destinationPort">The port that is sent to.</param>
    /// <param name="cancellationToken">Ends the wait for the next hop's MAC address.</param>
    internal XdpTransport(PacketPath path, SendOptions options, int destinationPort, CancellationToken cancellationToken)
    {
        _path = path;
        _options = options;
        _origin = new FrameOrigin(path, options, destinationPort, cancellationToken);
    }

    /// <inheritdoc/>
    internal override Transport Kind => Transport.Xdp;

    /// <inheritdoc/>
    internal override int SourcePort => _origin.Headers.SourcePort;

    /// <summary>The bytes of VLAN tags that count against the MTU: a device takes frames that are longer by one tag (net/core/filter.c).</summary>
    internal static int UnprovidedTagBytes(SendOptions options) => Math.Max(0, options.VlanId.Count - 1) * FrameBuilder.VlanTagLength;

    /// <summary>How much data fits beside the stamp: what the MTU leaves, or the page that a frame has to fit.</summary>
    internal static PacketLimits LimitsFor(PacketPath path, SendOptions options)
    {
        var limits = path.LimitsFor(options.Protocol.HeaderSize + (options.Stamp ? Stamps.Length : 0), UnprovidedTagBytes(options));
        var packet = s_maxFrame - FrameBuilder.EthernetHeaderLength - (options.VlanId.Count * FrameBuilder.VlanTagLength);
        return packet >= limits.Mtu ? limits : limits with
        {
            Mtu = packet,
            Carrier = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the in-kernel sender, with frames of at most {s_maxFrame:N0} bytes,"),
            Hint = "use -Transport Raw",
        };
    }

    /// <inheritdoc/>
    internal override ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> payload) => _options.Stamp ? Stamps.Append(_options.Protocol, payload) : payload;

    /// <inheritdoc/>
    internal override void Send(ReadOnlySpan<byte> payload, SendRun run, SendTally tally)
    {
        var isPaced = run.Pace is { Rate: > MaxWaitingRate };
        if (run.Pace is not null ? !isPaced : _options.Threads == 1 && run.Left <= FewPackets)
        {
            Prepare(payload, 1, isPaced: false);
            SendOneByOne(run, tally);
            return;
        }

        Prepare(payload, _options.Threads, isPaced);
        using var threads = new SendThreads(_programs, _template!.Frame, _path, _nextSequence);
        try
        {
            threads.Run(run, tally);
        }
        finally
        {
            _nextSequence = threads.NextSequence;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Unload();
        _origin.Dispose();
    }

    /// <summary>Sees to it that programs for this payload are loaded, and that they stand at the next sequence number.</summary>
    void Prepare(ReadOnlySpan<byte> payload, int threads, bool isPaced)
    {
        var template = new SendTemplate(_origin.Headers, _options, _path.Link.Index, isPaced, payload);
        if (_template?.SharesProgramsWith(template) != true || _programs.Length != threads)
        {
            Unload();
            _programs = template.Load(threads);
        }

        _template = template;
        for (var i = 0; i < threads; i++)
        {
            ref var state = ref _programs[i].State;
            template.WriteTo(ref state);
            state.Sequence = _nextSequence + (ulong)i;
        }
    }

    void SendOneByOne(SendRun run, SendTally tally)
    {
        var isFirst = true;
        while (run.Next(CallsAtOnce) is > 0 and var count)
        {
            if (isFirst)
            {
                tally.Begin();
                isFirst = false;
            }

            try
            {
                SendSeveral(count, tally);
            }
            finally
            {
                tally.End();
                _nextSequence = _programs[0].Sequence;
            }
        }
    }

    void SendSeveral(int count, SendTally tally)
    {
        // A frame for an interface that is down vanishes without a word.
        if (Libc.ReadClock(Libc.CLOCK_MONOTONIC) is var now && now >= _nextLinkCheck)
        {
            SendThreads.RequireLink(_path, tally);
            _nextLinkCheck = now + LinkCheckInterval;
        }

        for (var done = 0; done < count;)
        {
            var result = _programs[0].Run(_template!.Frame, 1);
            if (result == 0)
            {
                tally.Add(1, _template.Frame.Length);
                done++;
            }
            else if (result != -Errno.EINTR)
            {
                throw SendThreads.Refused(_path, result, tally);
            }
        }
    }

    void Unload()
    {
        foreach (var program in _programs)
        {
            program.Dispose();
        }

        _programs = [];
    }
}

using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// The loaded <c>receive.bpf.c</c> or <c>tc.bpf.c</c> and its maps: verified and ready, not yet attached to anything. Needs CAP_BPF and CAP_NET_ADMIN.
/// </summary>
sealed class ReceiverProgram : IDisposable
{
    delegate void SettingsChange(ref Settings settings);

    const string XdpObject = "receive";
    const string StampedObject = "stamped";
    const string XdpFunction = "cp_receive";
    const string TcObject = "tc";
    const string TcFunction = "cp_tc";

    static readonly Lazy<byte[]> s_xdp = new(() => Read(XdpObject));
    static readonly Lazy<byte[]> s_stamped = new(() => Read(StampedObject));
    static readonly Lazy<byte[]> s_tc = new(() => Read(TcObject));

    readonly BpfMap _settings;
    readonly BpfMap _counters;
    readonly BpfMap _readerCounters;
    readonly BpfMap _rings;
    readonly BpfMap _filters;
    readonly BpfMap _keptFilters;
    readonly BpfMap _peers;

    ReceiverProgram(
        BpfProgram program,
        BpfMap settings,
        BpfMap counters,
        BpfMap readerCounters,
        BpfMap readers,
        BpfMap rings,
        BpfMap filters,
        BpfMap keptFilters,
        BpfMap peers)
    {
        Program = program;
        _settings = settings;
        _counters = counters;
        _readerCounters = readerCounters;
        Readers = readers;
        _rings = rings;
        _filters = filters;
        _keptFilters = keptFilters;
        _peers = peers;
    }

    /// <summary>The program.</summary>
    internal BpfProgram Program { get; }

    /// <summary>What readers and program share, by reader index (<see cref="Reader"/>).</summary>
    internal BpfMap Readers { get; }

    /// <summary>What a program at tc counts of the headers it adds or removes.</summary>
    BpfMap? Encapsulation { get; init; }

    /// <summary>What answers requests, and is set up to or not; <see langword="null"/> at tc, which can't.</summary>
    internal ResponderMaps? Responder { get; private init; }

    /// <summary>Has the kernel verify and load the program.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="boundTo">The interface whose driver an XDP program asks for the card's time; 0 for one that doesn't ask and can go anywhere.</param>
    /// <exception cref="CustomProtoException">An option is out of range, a capability is missing, or the kernel is too old.</exception>
    internal static ReceiverProgram Load(ReceiverOptions options, int boundTo = 0)
    {
        var config = ReceiverConfiguration.Create(options);
        var isXdp = options.AttachPoint == AttachPoint.Xdp;
        var function = isXdp ? XdpFunction : TcFunction;
        using var loading = !isXdp ? BpfObject.Open(TcObject, s_tc.Value)
            : boundTo == 0 ? BpfObject.Open(XdpObject, s_xdp.Value)
            : BpfObject.Open(StampedObject, s_stamped.Value);
        if (boundTo != 0)
        {
            loading.Bind(function, boundTo);
        }

        loading.SetInitialValue(".rodata.config", config);
        if (!isXdp)
        {
            loading.SetInitialValue(".rodata.tc", ReceiverConfiguration.CreateTc(options));
        }

        loading.SetMaxEntries("records", BpfMap.PossibleCpus);
        loading.SetMaxEntries("peers", Math.Max(1, options.PeerCapacity));
        loading.Load(function);
        var program = new ReceiverProgram(
            loading.TakeProgram(function),
            loading.TakeMap("settings"),
            loading.TakeMap("counters"),
            loading.TakeMap("reader_counters"),
            loading.TakeMap("readers"),
            loading.TakeMap("rings"),
            loading.TakeMap("filters"),
            loading.TakeMap("kept_filters"),
            loading.TakeMap("peers"))
        {
            Encapsulation = isXdp ? null : loading.TakeMap("encapsulation"),
            Responder = isXdp ? ResponderMaps.Take(loading) : null,
        };
        program.Set(options.MatchAction, options.Trace);
        return program;
    }

    /// <summary>Takes up what <see cref="Pin"/> pinned.</summary>
    /// <exception cref="NativeException">Something of it is missing.</exception>
    internal static ReceiverProgram Open(uint programId) => new(
        BpfProgram.Open(ReceiverPins.Path(programId, ReceiverPins.Program)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Settings)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Counters)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.ReaderCounters)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Readers)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Rings)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Filters)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.KeptFilters)),
        BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Peers)))
    {
        Encapsulation = File.Exists(ReceiverPins.Path(programId, ReceiverPins.Encapsulation)) ? BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Encapsulation)) : null,
        Responder = File.Exists(ReceiverPins.Path(programId, ReceiverPins.Responders)) ? ResponderMaps.Open(programId) : null,
    };

    /// <summary>Pins program and maps.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(uint programId)
    {
        Program.Pin(ReceiverPins.Path(programId, ReceiverPins.Program));
        _settings.Pin(ReceiverPins.Path(programId, ReceiverPins.Settings));
        _counters.Pin(ReceiverPins.Path(programId, ReceiverPins.Counters));
        _readerCounters.Pin(ReceiverPins.Path(programId, ReceiverPins.ReaderCounters));
        Readers.Pin(ReceiverPins.Path(programId, ReceiverPins.Readers));
        _rings.Pin(ReceiverPins.Path(programId, ReceiverPins.Rings));
        _filters.Pin(ReceiverPins.Path(programId, ReceiverPins.Filters));
        _keptFilters.Pin(ReceiverPins.Path(programId, ReceiverPins.KeptFilters));
        Encapsulation?.Pin(ReceiverPins.Path(programId, ReceiverPins.Encapsulation));
        _peers.Pin(ReceiverPins.Path(programId, ReceiverPins.Peers));
        Responder?.Pin(programId);
    }

    /// <summary>What a running program does with its messages.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal Settings ReadSettings() => _settings.Lookup<Settings>(0);

    /// <summary>Changes what a running program does with its messages.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Set(MatchAction action, bool trace) => Change((ref Settings settings) =>
    {
        settings.MatchAction = (uint)(action == MatchAction.Drop ? Abi.MatchAction.Drop : Abi.MatchAction.Pass);
        settings.Trace = trace ? 1u : 0u;
        settings.ProgramId = Program.Info.Id;
    });

    /// <summary>Sets the responder up as the options say, or switches it off.</summary>
    /// <param name="options">The options.</param>
    /// <param name="link">The interface; <see langword="null"/> where it isn't at hand: then what was known of it stays.</param>
    /// <param name="isGeneric">Whether the program runs in generic mode, where checksums that were unfinished have to stay so.</param>
    /// <exception cref="CustomProtoException">An option can't be used.</exception>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void SetResponder(ReceiverOptions options, NetworkLink? link, bool isGeneric)
    {
        if (Responder is null)
        {
            if (options.Responder is null)
            {
                return;
            }

            throw new CustomProtoException(
                FailureKind.Unsupported,
                "RespondNeedsXdp",
                $"The program on '{options.Interface}' can't answer: at tc it sees copies that the network stack owns.",
                $"Register one at XDP: Register-XdpProgram -Interface {options.Interface} -Respond.",
                options.Interface);
        }

        var state = ResponderState.Create(options, isGeneric);
        if (link is null)
        {
            ResponderState.TakeOver(ref state, Responder.Read());
        }
        else
        {
            ResponderState.Describe(ref state, link);
        }

        Responder.Set(state);
    }

    /// <summary>Gives a reader its ring: from now on it gets every valid message, and counts from 0.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void AddReader(int reader, BpfMap ring)
    {
        _readerCounters.ClearPerCpu<ReaderCounters>((uint)reader);
        _keptFilters.Update((uint)reader, default(Filter));
        _rings.Update((uint)reader, ring);
        Change((ref Settings settings) => settings.Readers |= 1u << reader);
    }

    /// <summary>Takes a reader's ring away; when this returns, the program doesn't know it any more.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void RemoveReader(int reader)
    {
        Change((ref Settings settings) =>
        {
            settings.Readers &= ~(1u << reader);
            settings.Filtering &= ~(1u << reader);
            settings.Rejected &= ~(1u << reader);
        });
        _filters.Remove((uint)reader);
        _rings.Remove((uint)reader);
    }

    /// <summary>The filter that a reader has when no command puts another one in its place.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal Filter ReadKeptFilter(int reader) => _keptFilters.Lookup<Filter>((uint)reader);

    /// <summary>Keeps a filter for a reader, without having the program use it.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void KeepFilter(int reader, in Filter filter) => _keptFilters.Update((uint)reader, filter);

    /// <summary>
    /// Has the program use a filter: each message is judged by the one before or by this one, and by this one when the call returns. A reader
    /// without one costs no look at it.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void SetFilter(int reader, Filter filter)
    {
        var settings = ReadSettings();
        var bit = 1u << reader;
        var isFiltering = !FilterEncoder.KeepsAll(filter);
        if (isFiltering)
        {
            using var holder = BpfMap.CreateValue("cp_filter", MemoryMarshal.AsBytes(new ReadOnlySpan<Filter>(in filter)));
            _filters.Update((uint)reader, holder);
        }
        else if ((settings.Filtering & bit) != 0)
        {
            _filters.Remove((uint)reader);
        }

        var isRejected = (filter.Conditions & (uint)Condition.Rejected) != 0;
        if (isFiltering != ((settings.Filtering & bit) != 0) || isRejected != ((settings.Rejected & bit) != 0))
        {
            Change((ref Settings changed) =>
            {
                changed.Filtering = isFiltering ? changed.Filtering | bit : changed.Filtering & ~bit;
                changed.Rejected = isRejected ? changed.Rejected | bit : changed.Rejected & ~bit;
            });
        }
    }

    /// <summary>What all CPUs counted of the headers that were added or removed; only for a program at tc.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal EncapsulationCounters[] ReadEncapsulation() => Encapsulation!.LookupPerCpu<EncapsulationCounters>(0);

    /// <summary>The sources of messages, in rows like the one given.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal IReadOnlyList<CustomPeer> ReadPeers(CustomPeer of, ProtocolDefinition protocol) => PeerMap.Read(_peers, of, protocol, ReadCounters());

    /// <summary>What all CPUs counted.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal Counters[] ReadCounters() => _counters.LookupPerCpu<Counters>(0);

    /// <summary>What all CPUs counted for a reader.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal ReaderCounters[] ReadReaderCounters(int reader) => _readerCounters.LookupPerCpu<ReaderCounters>((uint)reader);

    static byte[] Read(string name)
    {
        var elf = EmbeddedObject.Read(name);
        AbiCheck.Require(Btf.Parse(ElfFile.Parse(elf, name).Section(".BTF"), name), name);
        return elf;
    }

    /// <summary>Changes the settings; one change after the other is the caller's concern.</summary>
    void Change(SettingsChange change)
    {
        var settings = ReadSettings();
        change(ref settings);
        _settings.Update(0, settings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _keptFilters.Dispose();
        _filters.Dispose();
        Encapsulation?.Dispose();
        Responder?.Dispose();
        _peers.Dispose();
        _rings.Dispose();
        Readers.Dispose();
        _readerCounters.Dispose();
        _counters.Dispose();
        _settings.Dispose();
        Program.Dispose();
    }
}

using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// The protocol's program on an interface, at XDP or tc, with its rings and counters. Attached by <see cref="Register"/>; a persistent one is
/// taken up from any process. Safe to use from several threads.
/// </summary>
/// <remarks>
/// Closing (<see cref="Dispose"/>) lets go of what this process has, which ends an attachment of <see cref="ProgramLifetime.Process"/>;
/// <see cref="Unregister"/> ends every attachment. Until a reader comes, the ring keeps the oldest messages; what comes when it is full
/// is counted as lost.
/// </remarks>
public sealed partial class Receiver : IDisposable
{
    /// <summary>The name of the reader that every receiver has.</summary>
    public const string DefaultReader = "default";

    readonly Lock _lock = new();
    readonly ReceiverAbout _about;
    readonly ReceiverProgram _program;
    readonly AttachedProgram _attachment;
    readonly ReceiverWatch _watch;
    readonly ReceiverReaders _readers;
    bool _disposed;

    internal Receiver(ReceiverAbout about, ReceiverProgram program, AttachedProgram attachment, ReaderSlot reader, IReadOnlyList<string> notices)
    {
        Protocol = about.Protocol;
        Interface = about.Interface;
        InterfaceIndex = about.InterfaceIndex;
        AttachPoint = about.AttachPoint;
        Encapsulation = about.Encapsulation;
        Mode = about.Mode;
        ProgramId = program.Program.Info.Id;
        Notices = notices;
        _about = about;
        _program = program;
        _attachment = attachment;
        _watch = new ReceiverWatch(Interface, InterfaceIndex, ProgramId, AttachPoint == AttachPoint.Xdp, attachment);
        _readers = new ReceiverReaders(_lock, about, program, reader);
    }

    /// <summary>The interface's name when it was registered.</summary>
    public string Interface { get; }

    /// <summary>The interface's index, in the network namespace it was registered in.</summary>
    public int InterfaceIndex { get; }

    /// <summary>The kernel's id of the program.</summary>
    public uint ProgramId { get; }

    /// <summary>Where on a packet's way the program sits.</summary>
    public AttachPoint AttachPoint { get; }

    /// <summary>Whether the program adds the protocol's header to what leaves, or removes it from what arrives.</summary>
    public Encapsulation Encapsulation { get; }

    /// <summary>Where an XDP program runs; <see cref="XdpMode.None"/> at tc.</summary>
    public XdpMode Mode { get; }

    /// <summary>What ends the attachment.</summary>
    public ProgramLifetime Lifetime => _attachment.Lifetime;

    /// <summary>The protocol.</summary>
    public ProtocolDefinition Protocol { get; }

    /// <summary>The UDP ports whose datagrams it looks at.</summary>
    internal IReadOnlyList<int> Ports => _about.ChosenPorts ?? _about.Ports;

    /// <summary>What the user should know about how it was registered; one sentence or two each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>What becomes of valid messages. Setting it takes effect with the next packet, without a gap.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public MatchAction MatchAction
    {
        get => (MatchAction)Settings.MatchAction;
        set => Set(value, Trace);
    }

    /// <summary>Whether the program writes a line a packet to the kernel's trace. Setting it takes effect with the next packet.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public bool Trace
    {
        get => Settings.Trace != 0;
        set => Set(MatchAction, value);
    }

    Settings Settings
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return _program.ReadSettings();
            }
        }
    }

    /// <summary>What a private copy of the program is loaded with.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    internal ReceiverOptions Options => _about.Options with { MatchAction = MatchAction, Responder = Responder };

    /// <summary>Loads the program and attaches it. Needs CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW (CAP_PERFMON to trace).</summary>
    /// <exception cref="CustomProtoException">It isn't possible; nothing is left attached, loaded or pinned.</exception>
    public static Receiver Register(ReceiverOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var receiver = ReceiverRegistration.Register(options);
        try
        {
            foreach (var reader in options.Readers)
            {
                receiver.AddReader(reader);
            }
        }
        catch
        {
            receiver.Unregister();
            throw;
        }

        Receivers.Add(receiver);
        return receiver;
    }

    /// <summary>The names of the program's readers, the default one first.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public IReadOnlyList<string> Readers
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return [.. _readers.List().Select(reader => reader.Name)];
            }
        }
    }

    /// <summary>Whether this process reads from it.</summary>
    internal bool IsRead
    {
        get
        {
            lock (_lock)
            {
                return !_disposed && _readers.AreOpen;
            }
        }
    }

    /// <summary>Opens the default reader; until it is closed, nobody else can.</summary>
    /// <exception cref="CustomProtoException">Somebody reads already (<see cref="FailureKind.Busy"/>).</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public MessageReader OpenReader() => OpenReader(DefaultReader);

    /// <summary>Opens a reader; until it is closed, nobody else can. One that isn't there is added, and removed when it is closed.</summary>
    /// <param name="name">The reader's name.</param>
    /// <param name="filter">What it gets while it is open, instead of what <see cref="SetFilter"/> said.</param>
    /// <exception cref="CustomProtoException">
    /// Somebody has it (<see cref="FailureKind.Busy"/>), the filter can't be, or there are as many readers as there can be.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public MessageReader OpenReader(string name, ReaderFilter? filter = null) => OpenReader(name, filter, _about.RingSize);

    /// <inheritdoc cref="OpenReader(string, ReaderFilter?)"/>
    /// <param name="name">The reader's name.</param>
    /// <param name="filter">What it gets while it is open.</param>
    /// <param name="ringSize">The bytes of its ring, where it isn't there yet.</param>
    internal MessageReader OpenReader(string name, ReaderFilter? filter, int ringSize)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var reader = _readers.Open(name, filter, ringSize);
            reader.WatchWith(_watch);
            return reader;
        }
    }

    /// <summary>Adds a reader that stays until it is removed, or the program goes: it has a ring, a filter and counters of its own.</summary>
    /// <param name="name">Its name: letters, digits, '.', '-' and '_', 31 bytes at most.</param>
    /// <exception cref="CustomProtoException">There is one with the name, or there are as many as there can be.</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public void AddReader(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _readers.Add(name);
        }
    }

    /// <summary>Removes a reader that nobody reads from, with what is in its ring.</summary>
    /// <exception cref="CustomProtoException">There is none with the name, it is the default one, or somebody reads (<see cref="FailureKind.Busy"/>).</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public void RemoveReader(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _readers.Remove(name);
        }
    }

    /// <summary>
    /// Changes which messages a reader gets, also while somebody reads: each is judged by the one filter or the other, and by this one when the
    /// call returns.
    /// </summary>
    /// <exception cref="CustomProtoException">There is no such reader, or the filter can't be.</exception>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public void SetFilter(string reader, ReaderFilter filter)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(filter);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _readers.SetFilter(reader, filter);
        }
    }

    /// <summary>The counters of the program and the default reader, summed over the CPUs.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public ReceiveStatistics ReadStatistics()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Read(0, DefaultReader);
        }
    }

    /// <summary>The counters of the program and each of its readers.</summary>
    /// <param name="perCpu">Whether each CPU's own are read, instead of the sums.</param>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public IReadOnlyList<ReceiveStatistics> ReadReaderStatistics(bool perCpu = false)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return [.. _readers.List().SelectMany(reader => perCpu ? ReadPerCpu(reader.Index, reader.Name) : [Read(reader.Index, reader.Name)])];
        }
    }

    /// <summary>The counters of adding or removing the header, summed over the CPUs; <see langword="null"/> where the program does neither.</summary>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    public EncapsulationStatistics? ReadEncapsulation()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Encapsulation == Encapsulation.None ? null : EncapsulationStatistics.Sum(_program.ReadEncapsulation());
        }
    }

    /// <summary>Ends the attachment, whatever its lifetime, removes its pins, and closes the receiver.</summary>
    /// <exception cref="NativeException">The kernel refuses; the receiver stays as it is.</exception>
    public void Unregister()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _attachment.Detach();
                if (Lifetime != ProgramLifetime.Process)
                {
                    PinFolder.Remove(ProgramId);
                }

                Dispose();
            }
        }
    }

    /// <summary>Lets go of what this process has of the program. A reader that waits ends with <see cref="FailureKind.Gone"/>.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Receivers.Remove(this);
            _watch.Dispose();
            _attachment.Dispose();
            _readers.Dispose();
            _program.Dispose();
        }
    }

    void Set(MatchAction action, bool trace)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ReceiverConfiguration.CheckTrace(trace, Interface);
            using var alone = ReceiverPins.Lock(ProgramId);
            _program.Set(action, trace);
        }
    }

    ReceiveStatistics Read(int reader, string name)
    {
        // The last to be counted is read first, so that no message stands in a later sum and is missing in an earlier one.
        var counted = _program.ReadReaderCounters(reader);
        var statistics = new ReceiveStatistics { Interface = Interface, AttachPoint = AttachPoint, ProgramId = ProgramId, Reader = name };
        var sums = ReceiveStatistics.Sum(statistics, _program.ReadCounters(), counted);
        return sums.Answered > 0 && _program.Responder is { } responder ? sums with { ResponseLatency = responder.ReadLatencies(Protocol) } : sums;
    }

    IEnumerable<ReceiveStatistics> ReadPerCpu(int reader, string name)
    {
        var counted = _program.ReadReaderCounters(reader);
        return ReceiveStatistics.Split(new ReceiveStatistics { Interface = Interface, ProgramId = ProgramId, Reader = name }, _program.ReadCounters(), counted);
    }
}

using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>
/// The consumer of a ring buffer, over mapped memory (kernel/bpf/ringbuf.c; Documentation/bpf/ringbuf.rst). One thread reads at a time;
/// closing from another thread is safe: the memory stays mapped until the reading thread lets go of it.
/// </summary>
sealed unsafe class RingReader : IDisposable
{
    const uint Busy = 1u << 31;
    const uint Discarded = 1u << 30;
    const int RecordHeaderSize = 8;
    const nuint Alignment = 8;

    /// <summary>How long a record may be in the making. Programs can't be interrupted between the two, so it is never more than an instant.</summary>
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly string _name;
    readonly BpfMap _ring;
    readonly nuint _mask;
    readonly MemoryMapping _consumer;
    readonly MemoryMapping _producer;
    readonly nuint* _consumerPosition;
    readonly nuint* _producerPosition;
    readonly byte* _data;
    readonly TimeSpan _patience;

    // There is a series of reads for each message, so the two are neither counted up nor looked at with a barrier: Dispose has it.
    int _series;
    volatile bool _isClosed;
    int _isUnmapped;

    // The reading thread's own. They are kept here and not in the lease, so that a copy of a lease can't go its own way.
    nuint _position;
    nuint _next;
    nuint _end;
    nuint _busyPosition;
    long _busySince;
    nuint _askedPosition;
    long _askedAt;

    /// <summary>Maps a ring.</summary>
    /// <param name="ring">The ring, which the reader then owns.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="patience">How long a record may be in the making; ten seconds where nothing is said.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal RingReader(BpfMap ring, int size, TimeSpan? patience = null)
    {
        _ring = ring;
        _name = ring.Name;
        _mask = (nuint)size - 1;
        _patience = patience ?? s_patience;
        var page = Environment.SystemPageSize;
        _consumer = MemoryMapping.Map(ring.Descriptor, (nuint)page, Libc.PROT_READ | Libc.PROT_WRITE, 0, _name);
        try
        {
            // The producer's page, then the data twice in a row, so that a record never wraps.
            _producer = MemoryMapping.Map(ring.Descriptor, (nuint)page + (2 * (nuint)size), Libc.PROT_READ, page, _name);
        }
        catch
        {
            _consumer.Dispose();
            throw;
        }

        _consumerPosition = (nuint*)_consumer.Address;
        _producerPosition = (nuint*)_producer.Address;
        _data = _producer.Address + page;
    }

    /// <summary>The ring.</summary>
    internal BpfMap Map => _ring;

    /// <summary>The ring's descriptor, to wait on.</summary>
    internal FileDescriptor Descriptor => _ring.Descriptor;

    /// <summary>A series of reads: <see cref="Begin"/> and <see cref="End"/> around it.</summary>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    internal RingLease Lease() => new(this);

    /// <summary>What the next read would find, without reading.</summary>
    /// <remarks>Wherever the position points, the record's length lies within the mapping, as the data is there twice.</remarks>
    internal RingState State => Volatile.Read(ref *_producerPosition) == _position
        ? RingState.Empty
        : (Volatile.Read(ref *(uint*)(_data + (_position & _mask))) & Busy) != 0 ? RingState.Busy : RingState.Ready;

    /// <summary>
    /// Whether several records are to be expected within a time, but no more than a small part of the ring holds: if they come as they came
    /// since this was last asked.
    /// </summary>
    /// <param name="time">The time.</param>
    /// <param name="now">When this is asked, by a <see cref="Stopwatch"/>.</param>
    internal bool Expects(TimeSpan time, long now)
    {
        const int Several = 1024;
        const int Part = 8;
        var (bytes, elapsed) = (_position - _askedPosition, Stopwatch.GetElapsedTime(_askedAt, now));
        (_askedPosition, _askedAt) = (_position, now);
        var expected = bytes * (time / elapsed);
        return expected >= Several && expected <= (_mask + 1) / Part;
    }

    /// <summary>Starts a series of reads, during which the memory can't go away.</summary>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    internal void Begin()
    {
        Volatile.Write(ref _series, _series + 1);
        if (_isClosed)
        {
            End();
            throw new ObjectDisposedException(_name);
        }

        // Another process may have read since the last series.
        var position = Volatile.Read(ref *_consumerPosition);
        if (position != _position)
        {
            _position = position;
            _end = position;
        }
    }

    /// <summary>Ends a series of reads.</summary>
    internal void End()
    {
        Volatile.Write(ref _series, _series - 1);
        if (_isClosed && _series == 0)
        {
            Unmap();
        }
    }

    /// <summary>Looks at the next record.</summary>
    /// <param name="record">Its bytes, borrowed: they hold until <see cref="Advance"/>, after which the kernel may write over them.</param>
    /// <returns>Whether there is one that is complete.</returns>
    /// <exception cref="CustomProtoException">The ring's memory doesn't make sense.</exception>
    internal bool TryRead(out ReadOnlySpan<byte> record)
    {
        while (_position != _end || LookForMore())
        {
            // Acquire: the record's bytes are written before its busy bit is cleared (xchg in bpf_ringbuf_commit).
            var header = _data + (_position & _mask);
            var length = Volatile.Read(ref *(uint*)header);
            var size = length & ~(Busy | Discarded);
            _next = _position + ((RecordHeaderSize + (nuint)size + (Alignment - 1)) & ~(Alignment - 1));
            if (_next - _position > _end - _position)
            {
                throw Corrupt($"at position {_position} a record of {size} bytes stands where {_end - _position} are in use");
            }

            if ((length & Busy) != 0)
            {
                RequireProgress();
                break;
            }

            if ((length & Discarded) == 0)
            {
                record = new ReadOnlySpan<byte>(header + RecordHeaderSize, (int)size);
                return true;
            }

            Advance();
        }

        record = default;
        return false;
    }

    /// <summary>Gives the record that was looked at back to the kernel.</summary>
    internal void Advance()
    {
        _position = _next;
        if (_position != _end)
        {
            Prefetch();
        }

        // Release: the bytes were read before the kernel may write over them.
        Volatile.Write(ref *_consumerPosition, _position);
    }

    /// <summary>
    /// Has the processor fetch the next record while its user is busy with the last one: that was written by another CPU, and what a user
    /// does with a message takes longer than the fetching. Only a record that is known of, as others are being written.
    /// </summary>
    void Prefetch()
    {
        const int Lines = 4;
        const int LineSize = 64;
        var record = _data + (_position & _mask);
        for (var line = 0; line < Lines && Sse.IsSupported; line++)
        {
            Sse.Prefetch0(record + (line * LineSize));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isClosed = true;

        // Whatever the reading thread looked at before this, it had written before it: from here on either it sees that this is closed,
        // or its series is seen here.
        Interlocked.MemoryBarrierProcessWide();
        if (Volatile.Read(ref _series) == 0)
        {
            Unmap();
        }

        _ring.Dispose();
    }

    /// <summary>Once: when this is closed, or when the series ends in which it was.</summary>
    void Unmap()
    {
        if (Interlocked.Exchange(ref _isUnmapped, 1) != 0)
        {
            return;
        }

        _producer.Dispose();
        _consumer.Dispose();
    }

    /// <summary>
    /// Looks how far the program has come: only when all that was known of has been read, as the program writes what is looked at here.
    /// </summary>
    bool LookForMore()
    {
        // Acquire: a record's length is written before the producer's position (smp_store_release in __bpf_ringbuf_reserve).
        _end = Volatile.Read(ref *_producerPosition);
        return _end - _position <= _mask + 1 && ((_end | _position) & (Alignment - 1)) == 0
            ? _end != _position
            : throw Corrupt($"it was read up to position {_position} and written up to {_end}, and it has {_mask + 1} bytes");
    }

    /// <summary>Gives a record that is never finished some time, and then up: it would hold back all that come after it.</summary>
    void RequireProgress()
    {
        if (_busySince == 0 || _busyPosition != _position)
        {
            (_busyPosition, _busySince) = (_position, Stopwatch.GetTimestamp());
        }
        else if (Stopwatch.GetElapsedTime(_busySince) > _patience)
        {
            throw Corrupt($"the record at position {_position} has been in the making for {_patience.TotalSeconds:0.#} seconds");
        }
    }

    CustomProtoException Corrupt(string problem) => new(
        FailureKind.InvalidData,
        "RingCorrupt",
        $"The ring '{_name}' is damaged: {problem}.",
        "Unregister the program and register it again.",
        _name);

    /// <summary>A series of reads, for <c>using</c>.</summary>
    internal readonly ref struct RingLease
    {
        readonly RingReader _reader;

        internal RingLease(RingReader reader)
        {
            reader.Begin();
            _reader = reader;
        }

        /// <inheritdoc cref="RingReader.TryRead"/>
        internal bool TryRead(out ReadOnlySpan<byte> record) => _reader.TryRead(out record);

        /// <inheritdoc cref="RingReader.Advance"/>
        internal void Advance() => _reader.Advance();

        /// <summary>Ends the series.</summary>
        public void Dispose() => _reader.End();
    }
}

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

    readonly string _name;
    readonly BpfMap _ring;
    readonly nuint _mask;
    readonly MemoryMapping _consumer;
    readonly MemoryMapping _producer;

    /// <summary>Maps a ring.</summary>
    /// <param name="ring">The ring, which the reader then owns.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal RingReader(BpfMap ring, int size)
    {
        _ring = ring;
        _name = ring.Name;
        _mask = (nuint)size - 1;
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
    }

    /// <summary>The ring.</summary>
    internal BpfMap Map => _ring;

    /// <summary>The ring's descriptor, to wait on.</summary>
    internal FileDescriptor Descriptor => _ring.Descriptor;

    /// <summary>Starts a series of reads, during which the memory can't go away.</summary>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    internal RingLease Lease() => new(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        _producer.Dispose();
        _consumer.Dispose();
        _ring.Dispose();
    }

    /// <summary>
    /// A series of reads. A record's bytes are borrowed: they hold until <see cref="Advance"/>, after which the kernel may write over them.
    /// </summary>
    internal ref struct RingLease
    {
        readonly RingReader _reader;
        readonly byte* _data;
        readonly bool _consumerHeld;
        readonly bool _producerHeld;
        nuint _position;
        nuint _next;

        internal RingLease(RingReader reader)
        {
            _reader = reader;
            reader._consumer.DangerousAddRef(ref _consumerHeld);
            try
            {
                reader._producer.DangerousAddRef(ref _producerHeld);
            }
            catch
            {
                Dispose();
                throw;
            }

            _data = reader._producer.Address + Environment.SystemPageSize;
            _position = *(nuint*)reader._consumer.Address;
            _next = _position;
        }

        /// <summary>Looks at the next record.</summary>
        /// <param name="record">Its bytes, borrowed.</param>
        /// <returns>Whether there is one that is complete.</returns>
        /// <exception cref="CustomProtoException">The ring's memory doesn't make sense.</exception>
        internal bool TryRead(out ReadOnlySpan<byte> record)
        {
            while (true)
            {
                // Acquire: the record's length is written before the producer's position (smp_store_release in __bpf_ringbuf_reserve).
                var available = Volatile.Read(ref *(nuint*)_reader._producer.Address) - _position;
                if (available == 0)
                {
                    record = default;
                    return false;
                }

                // Acquire: the record's bytes are written before its busy bit is cleared (xchg in bpf_ringbuf_commit).
                var header = _data + (_position & _reader._mask);
                var length = Volatile.Read(ref *(uint*)header);
                if ((length & Busy) != 0)
                {
                    record = default;
                    return false;
                }

                var size = length & ~Discarded;
                _next = _position + ((RecordHeaderSize + (nuint)size + 7) & ~(nuint)7);
                if (available > _reader._mask + 1 || _next - _position > available)
                {
                    throw Corrupt(_position, size, available);
                }

                if ((length & Discarded) == 0)
                {
                    record = new ReadOnlySpan<byte>(header + RecordHeaderSize, (int)size);
                    return true;
                }

                Advance();
            }
        }

        /// <summary>Gives the record that was looked at back to the kernel.</summary>
        internal void Advance()
        {
            _position = _next;

            // Release: the bytes were read before the kernel may write over them.
            Volatile.Write(ref *(nuint*)_reader._consumer.Address, _position);
        }

        /// <summary>Whether nothing is in the ring, not even a record being written.</summary>
        internal readonly bool IsEmpty => Volatile.Read(ref *(nuint*)_reader._producer.Address) == _position;

        /// <summary>Ends the series.</summary>
        public readonly void Dispose()
        {
            if (_producerHeld)
            {
                _reader._producer.DangerousRelease();
            }

            if (_consumerHeld)
            {
                _reader._consumer.DangerousRelease();
            }
        }

        readonly CustomProtoException Corrupt(nuint position, uint size, nuint available) => new(
            FailureKind.InvalidData,
            "RingCorrupt",
            $"The ring '{_reader._name}' is damaged: at position {position} a record of {size} bytes stands where {available} are in use.",
            "Unregister the program and register it again.",
            _reader._name);
    }
}

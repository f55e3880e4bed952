using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Capture;
using CustomProto.Native;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// Takes messages out of a ring, in the order the program put them there. For one thread at a time; closing and cancelling are safe from
/// any. A message is out of the ring before it is returned, so what comes next is the message after it, whatever the caller does.
/// </summary>
public sealed unsafe partial class MessageReader : IDisposable
{
    readonly string _interface;
    readonly RingReader _ring;
    readonly MemoryMapping _shared;
    readonly int _index;
    readonly Action _closing;
    readonly RecordDecoder _decoder;
    readonly RecordBorrow _borrow;
    SafeHandle[] _waitHandles;
    volatile bool _ended;
    volatile bool _closed;
    int _isReleased;

    internal MessageReader(ProtocolDefinition protocol, string interfaceName, RingReader ring, MemoryMapping shared, int index, Action closing)
    {
        _interface = interfaceName;
        _ring = ring;
        _shared = shared;
        _index = index;
        _closing = closing;
        _waitHandles = [shared, ring.Descriptor, Stop.Descriptor];
        _decoder = new RecordDecoder(protocol, interfaceName);
        _borrow = new RecordBorrow(this, ring, _decoder);
    }

    /// <summary>Whether <see cref="Dispose"/> was called.</summary>
    internal bool IsClosed => _closed;

    /// <summary>The ring's descriptor: readable once a message was put in while the reader slept.</summary>
    internal FileDescriptor Ring => _ring.Descriptor;

    /// <summary>Ends a wait: signalled by cancellation, and when the receiver goes away.</summary>
    internal EventDescriptor Stop { get; } = new();

    /// <summary>Takes the next message if there is one, and passes over packets that are none.</summary>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>), or the ring is damaged.</exception>
    public bool TryRead([NotNullWhen(true)] out CustomMessage? message)
    {
        while (TryRead(out message, out _))
        {
            if (message is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the next packet if there is one: a message, or one that is none, for a reader that gets those too.</summary>
    /// <param name="message">The message.</param>
    /// <param name="rejected">The packet that is none (<see cref="ReaderFilter.IncludeRejected"/>).</param>
    /// <returns>Whether there is one; then one of the two is it.</returns>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>), or the ring is damaged.</exception>
    public bool TryRead(out CustomMessage? message, out RejectedPacket? rejected)
    {
        (message, rejected) = (null, null);
        using var lease = Lease();
        if (!lease.TryRead(out var record))
        {
            ThrowIfOver();
            return false;
        }

        if (_decoder.IsRejected(record))
        {
            rejected = _decoder.DecodeRejected(record);
        }
        else
        {
            message = _decoder.Decode(record);
        }

        lease.Advance();
        return true;
    }

    /// <summary>
    /// Takes the next message, if there is one, into a capture, without making an object of it; or the next packet that is none, if the capture
    /// is to have them (<see cref="CaptureWriter.IncludeRejected"/>).
    /// </summary>
    /// <exception cref="CustomProtoException">As for <see cref="TryRead(out CustomMessage?)"/>; or the file can't be written (CaptureUnwritable), and the message stays.</exception>
    public bool TryWrite(CaptureWriter capture)
    {
        ArgumentNullException.ThrowIfNull(capture);
        using var lease = Lease();
        while (lease.TryRead(out var record))
        {
            var isWanted = capture.IncludeRejected || !_decoder.IsRejected(record);
            if (isWanted)
            {
                _decoder.Write(record, capture);
            }

            lease.Advance();
            if (isWanted)
            {
                return true;
            }
        }

        ThrowIfOver();
        return false;
    }

    /// <summary>Takes the next message, and waits for it if need be.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>The message, or <see langword="null"/> when the time is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>), or the ring is damaged.</exception>
    public CustomMessage? Read(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        // The clock is asked only when there is nothing to read.
        cancellationToken.ThrowIfCancellationRequested();
        if (TryRead(out var message))
        {
            return message;
        }

        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryRead(out message))
            {
                return message;
            }

            var remaining = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(started);
            if (remaining <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            {
                return null;
            }

            ReaderWait.UntilAny([this], remaining, cancellationToken);
        }
    }

    /// <summary>
    /// Lends out what is in the ring, for <c>foreach</c>: no copies, no objects. Nothing else is read from here until it ends, which
    /// <c>foreach</c> sees to.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is lent out already.</exception>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>).</exception>
    public ReceivedRecords Borrow()
    {
        RequireOpen();
        RequireNotBorrowed();
        try
        {
            return new ReceivedRecords(_borrow);
        }
        catch (ObjectDisposedException)
        {
            throw Ended();
        }
    }

    /// <summary>Waits until there is something to read, or news that reading tells: the receiver was closed.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>False when the time is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">What is there is lent out (<see cref="Borrow"/>).</exception>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RequireNotBorrowed();
            if (State == RingState.Ready)
            {
                return true;
            }

            var remaining = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(started);
            if (remaining <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            {
                return false;
            }

            ReaderWait.UntilAny([this], remaining, cancellationToken);
        }
    }

    /// <summary>Drops what is in the ring: reading starts with what comes from now on.</summary>
    /// <returns>How many messages were dropped.</returns>
    public long Skip()
    {
        var skipped = 0L;
        using var lease = Lease();
        while (lease.TryRead(out _))
        {
            lease.Advance();
            skipped++;
        }

        return skipped;
    }

    /// <summary>Lets go of the ring. What is in it stays there for the next reader.</summary>
    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        if (!_borrow.IsOpen)
        {
            ReleaseOwnership();
        }

        Stop.Signal();
        Stop.Dispose();
    }

    /// <summary>What was lent out is back. If the reader was closed meanwhile, by another thread, the ring is free for others only now.</summary>
    internal void EndBorrow()
    {
        if (_closed)
        {
            ReleaseOwnership();
        }
    }

    /// <summary>Ends a wait for good: the receiver goes away.</summary>
    internal void End()
    {
        _ended = true;
        Stop.Signal();
    }

    /// <summary>When the next message was seen, in nanoseconds of CLOCK_MONOTONIC; the message stays where it is.</summary>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>), or the ring is damaged.</exception>
    internal bool TryPeek(out long monotonicNanoseconds)
    {
        using var lease = Lease();
        if (!lease.TryRead(out var record))
        {
            ThrowIfOver();
            monotonicNanoseconds = 0;
            return false;
        }

        monotonicNanoseconds = _decoder.ReadTime(record);
        return true;
    }

    /// <summary>What there is to read; the news that the receiver went away is something, too.</summary>
    internal RingState State
    {
        get
        {
            if (_ended || _closed)
            {
                return RingState.Ready;
            }

            try
            {
                using var lease = _ring.Lease();
                return _fault is not null && _ring.State == RingState.Empty ? RingState.Ready : _ring.State;
            }
            catch (ObjectDisposedException)
            {
                return RingState.Ready;
            }
        }
    }

    /// <inheritdoc cref="RingReader.Expects"/>
    internal bool Expects(TimeSpan time, long now) => _ring.Expects(time, now);

    /// <summary>Tells the program whether this reader sleeps and is to be woken by the next message. Only while it is held.</summary>
    internal void SetSleeping(bool value) => Interlocked.Exchange(ref ((Reader*)_shared.Address)[_index].Sleeping, value ? 1u : 0u);

    /// <summary>Keeps what a wait uses from going away, until <see cref="Release"/>.</summary>
    /// <returns>False when it has gone already: reading says why.</returns>
    internal bool TryHold()
    {
        var held = 0;
        try
        {
            for (var isHeld = false; held < _waitHandles.Length; held++, isHeld = false)
            {
                _waitHandles[held].DangerousAddRef(ref isHeld);
            }

            return true;
        }
        catch (ObjectDisposedException)
        {
            while (--held >= 0)
            {
                _waitHandles[held].DangerousRelease();
            }

            return false;
        }
    }

    /// <summary>Undoes <see cref="TryHold"/>.</summary>
    internal void Release()
    {
        foreach (var handle in _waitHandles)
        {
            handle.DangerousRelease();
        }
    }

    /// <summary>Says it where reading is over.</summary>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    /// <exception cref="CustomProtoException">The receiver went away.</exception>
    internal void RequireOpen()
    {
        if (_ended || _closed)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            throw Ended();
        }
    }

    RingReader.RingLease Lease()
    {
        RequireOpen();
        RequireNotBorrowed();
        try
        {
            return _ring.Lease();
        }
        catch (ObjectDisposedException)
        {
            // The receiver went away between the question and the answer.
            throw Ended();
        }
    }

    void RequireNotBorrowed()
    {
        if (_borrow.IsOpen)
        {
            throw new InvalidOperationException("The messages are lent out: end the loop over Borrow() first.");
        }
    }

    void ReleaseOwnership()
    {
        var held = false;
        try
        {
            _shared.DangerousAddRef(ref held);
            if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            {
                _closing();
            }
        }
        catch (ObjectDisposedException)
        {
            // The receiver is closed, and its rings with it.
        }
        finally
        {
            if (held)
            {
                _shared.DangerousRelease();
            }
        }
    }

    CustomProtoException Ended() => new(
        FailureKind.Gone,
        "ReceiverClosed",
        $"The program on '{_interface}' was unregistered while its messages were being read.",
        "Register it again to go on.",
        _interface);
}

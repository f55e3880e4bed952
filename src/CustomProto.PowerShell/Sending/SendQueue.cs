using CustomProto.Send;

namespace CustomProto.PowerShell.Sending;

/// <summary>A UDP payload on its way to a receiver.</summary>
/// <param name="Sender">Who sends it. Nobody else may use it before it has.</param>
/// <param name="Options">What the sender was opened with.</param>
/// <param name="Payload">The payload.</param>
/// <param name="Target">What an error is about.</param>
readonly record struct QueuedPacket(Sender Sender, SendOptions Options, ReadOnlyMemory<byte> Payload, object Target);

/// <summary>
/// Packets that a thread of its own sends, in order, while the pipeline makes the next ones: the kernel takes a sixth of the time that a
/// line takes through a pipeline. With the first that can't be sent it stops, so that none overtakes another. It is used by one thread.
/// </summary>
sealed class SendQueue : IDisposable
{
    /// <summary>The longest payload it takes: to copy a longer one isn't worth it.</summary>
    internal const int MaxPayloadLength = 2048;

    const int Capacity = 256;

    /// <summary>
    /// How long packets gather after several came at a time: to wake the thread for each would take the pipeline as long as to send it. One
    /// that comes alone goes at once.
    /// </summary>
    static readonly TimeSpan s_gatherTime = TimeSpan.FromMilliseconds(1);

    readonly CancellationToken _cancellationToken;
    readonly Thread _thread;

    /// <summary>Guards what follows. The packets in the queue are the thread's, free places are the caller's.</summary>
    readonly object _gate = new();
    readonly QueuedPacket[] _packets = new QueuedPacket[Capacity];
    readonly byte[][] _buffers = new byte[Capacity][];
    int _first;
    int _count;
    bool _sleeps;
    bool _isAwaited;
    bool _isOver;
    Exception? _failure;

    /// <summary>Starts the thread, in the network namespace of this one.</summary>
    /// <param name="cancellationToken">Ends the wait for room in a socket's buffer.</param>
    internal SendQueue(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _thread = new Thread(SendAll) { IsBackground = true, Name = "send queue" };
        _thread.Start();
    }

    /// <summary>Takes a packet, and waits for room first.</summary>
    /// <returns>False if an earlier one couldn't be sent: this one isn't taken then.</returns>
    internal bool TryAdd(Sender sender, SendOptions options, ReadOnlySpan<byte> payload, object target)
    {
        lock (_gate)
        {
            AwaitUntil(Capacity - 1);
            if (_failure is not null)
            {
                return false;
            }

            var place = (_first + _count) % Capacity;
            if (_buffers[place] is not { } buffer || buffer.Length < payload.Length)
            {
                _buffers[place] = buffer = new byte[Math.Max(payload.Length, 64)];
            }

            payload.CopyTo(buffer);
            _packets[place] = new QueuedPacket(sender, options, buffer.AsMemory(0, payload.Length), target);
            _count++;
            if (_sleeps)
            {
                _sleeps = false;
                Monitor.PulseAll(_gate);
            }

            return true;
        }
    }

    /// <summary>Waits until all packets are sent, or one can't be.</summary>
    /// <returns>Whether all were sent.</returns>
    internal bool TryDrain()
    {
        lock (_gate)
        {
            AwaitUntil(0);
            return _failure is null;
        }
    }

    /// <summary>Takes back what wasn't sent, after a failure.</summary>
    /// <returns>Why the first of them couldn't be sent, and all of them.</returns>
    internal (Exception Failure, QueuedPacket[] Unsent) TakeBack()
    {
        lock (_gate)
        {
            QueuedPacket[] unsent = [.. Enumerable.Range(_first, _count).Select(place => _packets[place % Capacity])];
            _count = 0;
            return (_failure!, unsent);
        }
    }

    /// <summary>Waits until all packets are sent, or one can't be, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    /// <summary>Waits until no more than so many packets are left.</summary>
    void AwaitUntil(int count)
    {
        while (_count > count && _failure is null)
        {
            _isAwaited = true;
            Monitor.PulseAll(_gate);
            Monitor.Wait(_gate);
        }

        _isAwaited = false;
    }

    void SendAll()
    {
        while (Next() is > 0 and var count)
        {
            var sent = 0;
            Exception? failure = null;
            try
            {
                for (; sent < count; sent++)
                {
                    var packet = _packets[(_first + sent) % Capacity];
                    _ = packet.Sender.Send(packet.Payload.Span, 1, _cancellationToken);
                }
            }
            catch (Exception exception) when ((failure = exception) is not null)
            {
                // It is thrown, or told, where the packet came from.
            }

            if (!Release(sent, failure))
            {
                return;
            }
        }
    }

    /// <summary>Waits for packets.</summary>
    /// <returns>How many there are; 0 when there will be no more.</returns>
    int Next()
    {
        lock (_gate)
        {
            while (_count == 0 && !_isOver)
            {
                _sleeps = true;
                Monitor.Wait(_gate);
            }

            return _count;
        }
    }

    /// <summary>Makes room, and lets the next packets gather where there are many.</summary>
    /// <returns>Whether it goes on.</returns>
    bool Release(int sent, Exception? failure)
    {
        lock (_gate)
        {
            _first = (_first + sent) % Capacity;
            _count -= sent;
            _failure = failure;
            if (_isAwaited)
            {
                Monitor.PulseAll(_gate);
            }
            else if (sent > 1 && failure is null && !_isOver)
            {
                Monitor.Wait(_gate, s_gatherTime);
            }

            return failure is null;
        }
    }
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CustomProto.Capture;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// The messages of several receivers in one stream: of what is in the rings, the one that was seen first comes first. For one thread at a
/// time; cancelling is safe from any. As with <see cref="MessageReader"/>, a message is out of its ring before it is returned.
/// </summary>
public sealed class MergedReader : IDisposable
{
    readonly List<MessageReader> _readers;

    MergedReader(List<MessageReader> readers) => _readers = readers;

    /// <summary>How many receivers are still read.</summary>
    public int Count => _readers.Count;

    /// <summary>Opens the receivers' readers: all of them or none.</summary>
    /// <exception cref="CustomProtoException">Somebody reads from one already (<see cref="FailureKind.Busy"/>).</exception>
    /// <exception cref="ObjectDisposedException">A receiver is closed.</exception>
    /// <param name="receivers">The receivers.</param>
    /// <param name="reader">The name of the reader, at each of them; where there is none it is added while this is open.</param>
    /// <param name="filter">What they get while this is open, instead of what <see cref="Receiver.SetFilter"/> said.</param>
    public static MergedReader Open(IEnumerable<Receiver> receivers, string reader = Receiver.DefaultReader, ReaderFilter? filter = null)
    {
        ArgumentNullException.ThrowIfNull(receivers);
        var readers = new List<MessageReader>();
        try
        {
            foreach (var receiver in receivers)
            {
                readers.Add(receiver.OpenReader(reader, filter));
            }
        }
        catch
        {
            readers.ForEach(opened => opened.Dispose());
            throw;
        }

        return readers.Count == 0 ? throw new ArgumentException("There is no receiver to read from.", nameof(receivers)) : new MergedReader(readers);
    }

    /// <summary>Takes the next message if there is one, and passes over packets that are none.</summary>
    /// <exception cref="CustomProtoException">
    /// A receiver was closed (<see cref="FailureKind.Gone"/>), or its ring is damaged. It isn't read any more; the next call goes on with the others.
    /// </exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
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

    /// <summary>Takes the next packet if there is one: a message, or one that is none, for readers that get those too.</summary>
    /// <param name="message">The message.</param>
    /// <param name="rejected">The packet that is none (<see cref="ReaderFilter.IncludeRejected"/>).</param>
    /// <returns>Whether there is one; then one of the two is it.</returns>
    /// <exception cref="CustomProtoException">As for <see cref="TryRead(out CustomMessage?)"/>.</exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
    public bool TryRead(out CustomMessage? message, out RejectedPacket? rejected)
    {
        var reader = First();
        try
        {
            return reader.TryRead(out message, out rejected);
        }
        catch (CustomProtoException)
        {
            Remove(reader);
            throw;
        }
    }

    /// <inheritdoc cref="MessageReader.TryWrite" path="/summary"/>
    /// <exception cref="CustomProtoException">
    /// As for <see cref="TryRead(out CustomMessage?)"/>; or the file can't be written (CaptureUnwritable): then nothing changes, and the message stays where it is.
    /// </exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
    public bool TryWrite(CaptureWriter capture)
    {
        var reader = First();
        try
        {
            return reader.TryWrite(capture);
        }
        catch (CustomProtoException failure) when (!CaptureWriter.IsOwn(failure))
        {
            Remove(reader);
            throw;
        }
    }

    /// <summary>Takes the next message, and waits for it if need be.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>The message, or <see langword="null"/> when the time is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CustomProtoException">As for <see cref="TryRead(out CustomMessage?)"/>.</exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
    public CustomMessage? Read(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        // The clock is asked only when there is nothing to read.
        cancellationToken.ThrowIfCancellationRequested();
        if (TryRead(out var message))
        {
            return message;
        }

        for (var started = Stopwatch.GetTimestamp(); Await(started, timeout, cancellationToken);)
        {
            if (TryRead(out message))
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>Takes the next packet, a message or one that is none, and waits for it if need be.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="message">The message.</param>
    /// <param name="rejected">The packet that is none (<see cref="ReaderFilter.IncludeRejected"/>).</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>False when the time is over; otherwise one of the two is there.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CustomProtoException">As for <see cref="TryRead(out CustomMessage?)"/>.</exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
    public bool Read(TimeSpan timeout, out CustomMessage? message, out RejectedPacket? rejected, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = TryRead(out message, out rejected);
        for (var started = Stopwatch.GetTimestamp(); !found && Await(started, timeout, cancellationToken);)
        {
            found = TryRead(out message, out rejected);
        }

        return found;
    }

    /// <summary>Takes the next message into a capture, and waits for it if need be; before that, all that was taken is in the file.</summary>
    /// <param name="capture">The capture.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <returns>False when the time is over.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CustomProtoException">As for <see cref="TryWrite"/>.</exception>
    /// <exception cref="InvalidOperationException">No receiver is left (<see cref="Count"/>).</exception>
    public bool Write(CaptureWriter capture, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryWrite(capture))
        {
            return true;
        }

        capture.Flush();
        for (var started = Stopwatch.GetTimestamp(); Await(started, timeout, cancellationToken);)
        {
            if (TryWrite(capture))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Drops what is in the rings: reading starts with what comes from now on.</summary>
    /// <returns>How many messages were dropped.</returns>
    /// <exception cref="CustomProtoException">A receiver was closed (<see cref="FailureKind.Gone"/>).</exception>
    public long Skip()
    {
        ThrowIfEmpty();
        return _readers.Sum(reader => reader.Skip());
    }

    /// <summary>Lets go of the rings. What is in them stays there for the next reader.</summary>
    public void Dispose()
    {
        _readers.ForEach(reader => reader.Dispose());
        _readers.Clear();
    }

    /// <summary>The reader with the message that was seen first; any, where there is none.</summary>
    MessageReader First()
    {
        ThrowIfEmpty();
        var asked = _readers[0];
        if (_readers.Count == 1)
        {
            return asked;
        }

        try
        {
            var (first, firstTime) = (asked, long.MaxValue);
            for (var i = 0; i < _readers.Count; i++)
            {
                asked = _readers[i];
                if (asked.TryPeek(out var time) && time < firstTime)
                {
                    (first, firstTime) = (asked, time);
                }
            }

            return first;
        }
        catch (CustomProtoException)
        {
            Remove(asked);
            throw;
        }
    }

    /// <summary>Waits for something to be there, until some time after the start.</summary>
    /// <returns>False when the time is over.</returns>
    bool Await(long started, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var remaining = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(started);
        if (remaining <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            return false;
        }

        ReaderWait.UntilAny(CollectionsMarshal.AsSpan(_readers), remaining, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return true;
    }

    void Remove(MessageReader reader)
    {
        _readers.Remove(reader);
        reader.Dispose();
    }

    void ThrowIfEmpty()
    {
        if (_readers.Count == 0)
        {
            throw new InvalidOperationException("No receiver is left to read from.");
        }
    }
}

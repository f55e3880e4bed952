using System.Runtime.InteropServices;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>A transport over a socket: batches of messages by <c>sendmmsg</c>.</summary>
abstract unsafe class SocketTransport(PacketPath path) : PacketTransport
{
    CancellationDescriptor? _cancellation;

    /// <summary>The socket that packets are written to.</summary>
    protected abstract FileDescriptor Descriptor { get; }

    /// <summary>The batch that <see cref="Fill"/> writes to.</summary>
    protected SendBatch Batch { get; } = new();

    /// <summary>Writes the messages of a run.</summary>
    /// <returns>The length of each, as the interface will count it.</returns>
    protected abstract int Fill(ReadOnlySpan<byte> payload, int slots);

    /// <summary>Makes the first messages of the batch new ones before they are sent.</summary>
    protected virtual void Renew(int count)
    {
    }

    /// <summary>Takes what made a call fail or end early, if it isn't about the packet at hand; that is then sent again.</summary>
    /// <param name="errno">The error number, or 0 where the call ended early without one.</param>
    /// <param name="tally">Counts it.</param>
    /// <returns>Whether it was taken.</returns>
    protected virtual bool Absorb(int errno, SendTally tally) => errno == 0;

    /// <inheritdoc/>
    internal override void Send(ReadOnlySpan<byte> payload, SendRun run, SendTally tally)
    {
        var slots = (int)Math.Min(run.Left, SendBatch.MaxCount);
        var length = Fill(payload, slots);
        try
        {
            var isFirst = true;
            while (run.Next(slots) is > 0 and var count)
            {
                Renew(count);
                if (isFirst)
                {
                    tally.Begin();
                    isFirst = false;
                }

                try
                {
                    SendBatchOf(count, length, tally, run.Token);
                }
                finally
                {
                    tally.End();
                }
            }
        }
        finally
        {
            EndWait();
        }
    }

    /// <summary>Sends a single message.</summary>
    protected void SendOne(ReadOnlySpan<byte> payload, SendTally tally, CancellationToken cancellationToken)
    {
        var length = Fill(payload, 1);
        tally.Begin();
        try
        {
            SendBatchOf(1, length, tally, cancellationToken);
        }
        finally
        {
            tally.End();
            EndWait();
        }
    }

    /// <summary>Gives back what waiting for room took.</summary>
    void EndWait()
    {
        _cancellation?.Dispose();
        _cancellation = null;
    }

    void SendBatchOf(int count, int length, SendTally tally, CancellationToken cancellationToken)
    {
        for (var done = 0; done < count;)
        {
            var sent = count - done == 1 ? SendSingle(done) : Libc.SendMMsg(Descriptor, Batch.Headers + done, (uint)(count - done), Libc.MSG_DONTWAIT);
            if (sent > 0)
            {
                tally.Add(sent, length);
                done += sent;
                if (done < count)
                {
                    // Something stopped it that is only told with the next call, or that was about an earlier packet.
                    _ = Absorb(0, tally);
                }
            }
            else
            {
                Recover(Marshal.GetLastPInvokeError(), tally, cancellationToken);
            }
        }

        GC.KeepAlive(Batch);
    }

    /// <summary>Sends one message of the batch, without the headers of several that the kernel would have to read and write.</summary>
    /// <returns>How many it took: 1, or -1 with an errno.</returns>
    int SendSingle(int slot)
    {
        var message = Batch.Headers[slot].Header.Vectors;
        return Libc.Send(Descriptor, message->Base, message->Length, Libc.MSG_DONTWAIT) < 0 ? -1 : 1;
    }

    /// <summary>Returns when the packet at hand can be tried again.</summary>
    void Recover(int errno, SendTally tally, CancellationToken cancellationToken)
    {
        switch (errno)
        {
            case Errno.EINTR:
                break;
            case Errno.EAGAIN:
                WaitForRoom(tally, cancellationToken);
                break;
            case Errno.ENOBUFS:
                // The queue of the interface was full and dropped the packet. Nothing tells when it has room, unlike the socket's buffer.
                Thread.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                break;
            default:
                if (!Absorb(errno, tally))
                {
                    tally.AddError(errno);
                    throw Failure(path, errno);
                }

                cancellationToken.ThrowIfCancellationRequested();
                break;
        }
    }

    /// <summary>Sleeps until the socket's buffer has room.</summary>
    void WaitForRoom(SendTally tally, CancellationToken cancellationToken)
    {
        _cancellation ??= new CancellationDescriptor(cancellationToken);
        using var socket = new BorrowedDescriptor(Descriptor);
        using var cancellation = new BorrowedDescriptor(_cancellation.Descriptor);
        var descriptors = stackalloc Libc.PollDescriptor[]
        {
            new() { Descriptor = socket.Value, Events = Libc.POLLOUT },
            new() { Descriptor = cancellation.Value, Events = Libc.POLLIN },
        };
        if (Libc.Poll(descriptors, 2, timeoutMilliseconds: -1) < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
        {
            throw Failures.Create(Operation.Wait, errno, $"room to send to {path.Description}");
        }

        cancellationToken.ThrowIfCancellationRequested();
        if ((descriptors[0].Returned & Libc.POLLERR) != 0)
        {
            // Otherwise the next wait would end at once.
            _ = Absorb(0, tally);
        }
    }

    /// <summary>The failure of a packet.</summary>
    internal static NativeException Failure(PacketPath path, int errno)
    {
        var hint = Failures.Find(Operation.Send, errno).Hint?
            .Replace("NAME", path.Link.Name, StringComparison.Ordinal)
            .Replace("ADDRESS", path.Destination.ToString(), StringComparison.Ordinal);
        return Failures.Create(Operation.Send, errno, path.Description, hint);
    }
}

using System.Net;
using System.Runtime.InteropServices;
using CustomProto.Native;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>What comes in for the tries of a requester, from readers and sockets alike, and the one wait for all of it.</summary>
sealed unsafe class ResponseInput(ProtocolDefinition protocol, ResponseChannels channels, TryTable tries)
{
    readonly PacketDecoder _decoder = new(protocol);
    readonly byte[] _buffer = new byte[ushort.MaxValue];

    /// <summary>Takes all that has come in.</summary>
    /// <param name="take">Gets each message that came to a try's port.</param>
    /// <param name="lose">Gets the channel of a reader that came to its end, and why.</param>
    internal void Read(Action<RequestTry, CustomMessage, RoundTripClock> take, Action<ResponseChannel, CustomProtoException> lose)
    {
        foreach (var channel in channels.WithReaders)
        {
            try
            {
                ReadDepartures(channel);
                ReadArrivals(channel, take);
            }
            catch (CustomProtoException exception)
            {
                channels.Close(channel);
                lose(channel, exception);
            }
        }

        ReadSockets(take);
    }

    /// <summary>Sleeps until something comes in or a time comes.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal void Wait(long untilNanoseconds, CancellationToken cancellationToken)
    {
        using var cancellation = new CancellationDescriptor(cancellationToken);
        using var borrowed = new BorrowedDescriptor(cancellation.Descriptor);
        int[] descriptors = [borrowed.Value, .. tries.Receiving.Select(Number)];
        var left = untilNanoseconds == long.MaxValue
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMicroseconds(Math.Max(0, untilNanoseconds - Libc.ReadClock(Libc.CLOCK_MONOTONIC)) / 1000.0);
        ReaderWait.UntilAny(channels.Readers, descriptors, left, CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Notes what ICMP messages said about a try.</summary>
    internal static void TakeErrors(RequestTry attempt)
    {
        while (attempt.Socket.TryTakeError(out var error))
        {
            attempt.Request.Refusal = error.Errno;
        }
    }

    void ReadArrivals(ResponseChannel channel, Action<RequestTry, CustomMessage, RoundTripClock> take)
    {
        while (channel.Reader!.TryRead(out var message))
        {
            if (message.Direction != PacketDirection.Ingress
                || tries.Find(message.Packet.Destination, (ushort)message.DestinationPort) is not { Receives: false } attempt)
            {
                continue;
            }

            if (attempt.Departure is null)
            {
                // It was recorded before the response, but perhaps after it was last looked for.
                ReadDepartures(channel);
            }

            take(attempt, message, attempt.Departure is null ? RoundTripClock.UserToKernel : RoundTripClock.Kernel);
        }
    }

    /// <summary>Notes when requests departed. Where that can't be read any more, round trips begin in user space.</summary>
    void ReadDepartures(ResponseChannel channel)
    {
        try
        {
            while (channel.Departures is { } departures && departures.TryRead(out var message))
            {
                if (tries.Find(message.Packet.Source, (ushort)message.SourcePort) is { } attempt
                    && message.Packet.Destination == attempt.Request.Target.Address && message.MonotonicNanoseconds >= attempt.SentNanoseconds)
                {
                    attempt.Departure ??= message;
                }
            }
        }
        catch (CustomProtoException)
        {
            channel.CloseDepartures();
        }
    }

    /// <summary>Asks once which of the sockets have something, then reads those empty.</summary>
    void ReadSockets(Action<RequestTry, CustomMessage, RoundTripClock> take)
    {
        RequestTry[] receiving = [.. tries.Receiving];
        if (receiving.Length == 0)
        {
            return;
        }

        var descriptors = Array.ConvertAll(receiving, one => new Libc.PollDescriptor { Descriptor = Number(one), Events = Libc.POLLIN });
        fixed (Libc.PollDescriptor* first = descriptors)
        {
            if (Libc.Poll(first, (nuint)descriptors.Length, timeoutMilliseconds: 0) < 0 && Marshal.GetLastPInvokeError() is var errno and not Errno.EINTR)
            {
                throw Failures.Create(Operation.Wait, errno, "responses");
            }
        }

        for (var i = 0; i < receiving.Length; i++)
        {
            if (descriptors[i].Returned != 0)
            {
                // The error first: until it is taken, it ends every wait and comes before any datagram.
                TakeErrors(receiving[i]);
                while (receiving[i].Socket.TryReceive(_buffer, out var datagram))
                {
                    Take(receiving[i], datagram, take);
                }
            }
        }
    }

    void Take(RequestTry attempt, ReceivedDatagram datagram, Action<RequestTry, CustomMessage, RoundTripClock> take)
    {
        var packet = Describe(attempt, datagram);
        var decoded = _decoder.DecodePayload(_buffer.AsSpan(0, datagram.Length), packet);
        if (decoded.Message is { } message)
        {
            take(attempt, message, message.TimestampSource == TimestampSource.Socket ? RoundTripClock.UserToSocket : RoundTripClock.User);
        }
        else if (packet.Source == attempt.Request.Target.Address && packet.SourcePort == attempt.Request.Target.EndPoint.Port)
        {
            attempt.Request.Reason = decoded.Reason;
            attempt.Request.Count(new ExchangeCounts { Invalid = 1 });
        }
        else
        {
            attempt.Request.Foreign = new IPEndPoint(packet.Source.ToIPAddress(), packet.SourcePort);
            attempt.Request.Count(new ExchangeCounts { Foreign = 1 });
        }
    }

    /// <summary>The network stack's stamp is on the system's clock. It was made a moment ago, so the clocks' distance of now holds for it.</summary>
    static PacketMetadata Describe(RequestTry attempt, ReceivedDatagram datagram)
    {
        var monotonic = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        var realtime = Libc.ReadClock(Libc.CLOCK_REALTIME);
        var age = realtime - datagram.RealtimeNanoseconds;

        // Unless somebody set the clock meanwhile: nothing comes in before the request left or after now.
        var isStamped = datagram.RealtimeNanoseconds != 0 && age >= 0 && monotonic - age >= attempt.SentNanoseconds;
        return new PacketMetadata
        {
            MonotonicNanoseconds = isStamped ? monotonic - age : monotonic,
            UnixNanoseconds = isStamped ? datagram.RealtimeNanoseconds : realtime,
            TimestampSource = isStamped ? TimestampSource.Socket : TimestampSource.User,
            Interface = attempt.Request.Target.Interface,
            Direction = PacketDirection.Ingress,
            Source = datagram.Source,
            SourcePort = datagram.SourcePort,
            Destination = attempt.Local.Address,
            DestinationPort = attempt.Local.Port,
        };
    }

    /// <summary>The descriptor's number; the try keeps it open, and only this thread closes tries.</summary>
    static int Number(RequestTry attempt) => attempt.Socket.Descriptor.DangerousGetHandle().ToInt32();
}

using CustomProto.Native;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.Exchange;

/// <summary>One datagram of a request: it holds a source port of its own, so that nothing that comes to the port is for another one.</summary>
sealed class RequestTry : IDisposable
{
    RequestTry(PendingRequest request, UdpSocket socket, int number)
    {
        Request = request;
        Socket = socket;
        Number = number;
        var local = socket.LocalEndPoint;
        Local = (InternetAddress.From(local.Address), (ushort)local.Port);
    }

    /// <summary>What it belongs to.</summary>
    internal PendingRequest Request { get; }

    /// <summary>Which try it is, from 1.</summary>
    internal int Number { get; }

    /// <summary>The socket, which this owns.</summary>
    internal UdpSocket Socket { get; }

    /// <summary>Whether responses come to the socket.</summary>
    internal bool Receives => Request.Target.Channel.Reader is null;

    /// <summary>The address and port that it comes from.</summary>
    internal (InternetAddress Address, ushort Port) Local { get; }

    /// <summary>CLOCK_MONOTONIC just before it was handed to the kernel, in nanoseconds.</summary>
    internal long SentNanoseconds { get; private set; }

    /// <summary>CLOCK_REALTIME then.</summary>
    internal long UnixNanoseconds { get; private set; }

    /// <summary>CLOCK_MONOTONIC when its time is over, in nanoseconds.</summary>
    internal long DeadlineNanoseconds { get; private set; }

    /// <summary>The request as the kernel saw it depart, where it does.</summary>
    internal CustomMessage? Departure { get; set; }

    /// <summary>How far it is.</summary>
    internal TryState State { get; set; }

    /// <summary>Takes a port, which no other try in use has.</summary>
    /// <exception cref="CustomProtoException">The kernel refuses.</exception>
    internal static RequestTry Open(PendingRequest request, int number, Func<(InternetAddress Address, ushort Port), bool> isTaken)
    {
        var attempt = new RequestTry(request, request.Target.OpenSocket(), number);
        if (!isTaken(attempt.Local))
        {
            return attempt;
        }

        // The same address on two links may have the same port twice. The port is held until another one is found.
        using (attempt)
        {
            return Open(request, number, isTaken);
        }
    }

    /// <summary>Sends it.</summary>
    /// <exception cref="CustomProtoException">The kernel refuses.</exception>
    internal void Send(TimeSpan timeout)
    {
        UnixNanoseconds = Libc.ReadClock(Libc.CLOCK_REALTIME);
        SentNanoseconds = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        DeadlineNanoseconds = SentNanoseconds + (timeout.Ticks * TimeSpan.NanosecondsPerTick);
        Socket.SendTo(Request.Message.Payload, Request.Target.EndPoint);
    }

    /// <summary>The request as this try sent it; as far as is known in user space.</summary>
    internal CustomMessage ToMessage()
    {
        var message = Request.Message;
        return new CustomMessage(message.Definition, message.Payload.ToArray(), message.Length, packet: new PacketMetadata
        {
            MonotonicNanoseconds = SentNanoseconds,
            UnixNanoseconds = UnixNanoseconds,
            TimestampSource = TimestampSource.User,
            Interface = Request.Target.Interface,
            Direction = PacketDirection.Egress,
            Source = Local.Address,
            SourcePort = Local.Port,
            Destination = Request.Target.Address,
            DestinationPort = (ushort)Request.Target.EndPoint.Port,
        });
    }

    /// <summary>Lets go of the port.</summary>
    public void Dispose() => Socket.Dispose();
}

/// <summary>How far a try is.</summary>
enum TryState
{
    /// <summary>Its response may still come.</summary>
    Outstanding,

    /// <summary>Its response came in time.</summary>
    Answered,

    /// <summary>Its time is over, or its request ended otherwise.</summary>
    Over,
}

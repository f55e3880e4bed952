using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>
/// The tries whose ports are held: those that are outstanding, and the latest of those that are over, so that what comes late or twice is
/// known for what it is, and the network stack doesn't turn it away.
/// </summary>
sealed class TryTable : IDisposable
{
    /// <summary>How many tries that are over keep their ports.</summary>
    const int MaxRemembered = 128;

    readonly Dictionary<(InternetAddress, ushort), RequestTry> _byEndPoint = [];

    /// <summary>In the order they were sent, which is that of their deadlines; some may be answered meanwhile.</summary>
    readonly Queue<RequestTry> _outstanding = new();

    readonly Queue<RequestTry> _remembered = new();

    /// <summary>How many are outstanding.</summary>
    internal int Outstanding { get; private set; }

    /// <summary>The outstanding one whose time is over first.</summary>
    internal RequestTry? Next
    {
        get
        {
            RequestTry? first;
            while (_outstanding.TryPeek(out first) && first.State != TryState.Outstanding)
            {
                _outstanding.Dequeue();
            }

            return first;
        }
    }

    /// <summary>Those at whose sockets something may come in.</summary>
    internal IEnumerable<RequestTry> Receiving => _byEndPoint.Values.Where(one => one.Receives);

    /// <summary>Those that are outstanding and whose responses come in by a channel.</summary>
    internal IReadOnlyList<RequestTry> OutstandingOf(ResponseChannel channel) =>
        [.. _outstanding.Where(one => one.State == TryState.Outstanding && one.Request.Target.Channel == channel)];

    /// <summary>Whether a try has this address and port.</summary>
    internal bool Contains((InternetAddress Address, ushort Port) local) => _byEndPoint.ContainsKey(local);

    /// <summary>The try that has this address and port.</summary>
    internal RequestTry? Find(InternetAddress address, ushort port) => _byEndPoint.GetValueOrDefault((address, port));

    /// <summary>Takes a try, which this then owns. Those that have been over for longest make room.</summary>
    internal void Add(RequestTry one)
    {
        while (_remembered.Count > MaxRemembered)
        {
            var oldest = _remembered.Dequeue();
            _byEndPoint.Remove(oldest.Local);
            oldest.Dispose();
        }

        _byEndPoint.Add(one.Local, one);
        _outstanding.Enqueue(one);
        Outstanding++;
    }

    /// <summary>Ends a try that is outstanding.</summary>
    internal void End(RequestTry one, TryState state)
    {
        one.State = state;
        Outstanding--;
        _remembered.Enqueue(one);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in _byEndPoint.Values)
        {
            one.Dispose();
        }

        _byEndPoint.Clear();
        _outstanding.Clear();
        _remembered.Clear();
        Outstanding = 0;
    }
}

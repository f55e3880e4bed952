using CustomProto.Send;

namespace CustomProto.PowerShell.Sending;

/// <summary>
/// The senders that a command keeps open from record to record, one a destination. There are never more than a few dozen, however many
/// hosts are replied to: the one that wasn't used for longest makes room.
/// </summary>
sealed class OpenSenders : IDisposable
{
    const int Capacity = 64;

    /// <summary>The latest to be used comes last.</summary>
    readonly List<(SendOptions Options, Sender Sender)> _open = [];

    /// <summary>The sender with these options, if it is open.</summary>
    internal Sender? Find(SendOptions options)
    {
        var index = IndexOf(options);
        if (index < 0)
        {
            return null;
        }

        var found = _open[index];
        if (index < _open.Count - 1)
        {
            _open.RemoveAt(index);
            _open.Add(found);
        }

        return found.Sender;
    }

    /// <summary>Keeps a sender.</summary>
    /// <returns>The one that has to make room for it, which is the caller's then.</returns>
    internal Sender? Add(SendOptions options, Sender sender)
    {
        var oldest = _open.Count == Capacity ? Take(_open[0].Sender) : null;
        _open.Add((options, sender));
        return oldest;
    }

    /// <summary>Gives a sender to the caller.</summary>
    internal Sender Take(Sender sender)
    {
        _open.RemoveAll(one => one.Sender == sender);
        return sender;
    }

    /// <summary>Gives all senders to the caller, in the order they were last used.</summary>
    internal IEnumerable<Sender> TakeAll()
    {
        while (_open.Count > 0)
        {
            yield return Take(_open[0].Sender);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sender in TakeAll())
        {
            sender.Dispose();
        }
    }

    /// <summary>
    /// Nearly always these are the same objects as for the message before, which needn't be compared: with one destination the latest, with
    /// several, in turn, the one that wasn't used for longest.
    /// </summary>
    int IndexOf(SendOptions options)
    {
        var latest = _open.Count - 1;
        return latest < 0 || ReferenceEquals(_open[latest].Options, options) ? latest
            : ReferenceEquals(_open[0].Options, options) ? 0
            : IndexOfSameEffect(options);
    }

    int IndexOfSameEffect(SendOptions options) => _open.FindLastIndex(one => HasSameEffect(one.Options, options));

    /// <summary>Records compare lists by identity, so that the VLAN ids are compared by hand; what mostly differs comes first.</summary>
    static bool HasSameEffect(SendOptions one, SendOptions other) =>
        one.Destination.Equals(other.Destination) && one.VlanId.SequenceEqual(other.VlanId) && one == other with { VlanId = one.VlanId };
}

using CustomProto.Bpf;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>The receivers of this process: attachments are the kernel's, so every shell and runspace of a process shares them.</summary>
public static class Receivers
{
    static readonly Lock s_lock = new();
    static readonly List<Receiver> s_receivers = [];

    /// <summary>The receivers that are registered now.</summary>
    public static IReadOnlyList<Receiver> All
    {
        get
        {
            lock (s_lock)
            {
                return [.. s_receivers];
            }
        }
    }

    /// <summary>The receiver whose program has an id: this process's own, or a persistent one, which this process then takes up.</summary>
    /// <returns><see langword="null"/> for a program that is neither.</returns>
    /// <exception cref="CustomProtoException">It is persistent, and of another version or not for this user.</exception>
    public static Receiver? Find(uint programId)
    {
        lock (s_lock)
        {
            if (s_receivers.Find(receiver => receiver.ProgramId == programId) is { } known)
            {
                return known;
            }

            if (!ReceiverPins.Exist(programId))
            {
                return null;
            }

            var adopted = ReceiverRegistration.Adopt(programId);
            s_receivers.Add(adopted);
            return adopted;
        }
    }

    /// <summary>The receivers on some interfaces, at XDP and at tc: this process's own and persistent ones.</summary>
    /// <exception cref="CustomProtoException">As for <see cref="Find"/>.</exception>
    public static IReadOnlyList<Receiver> On(IEnumerable<NetworkLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return [.. links.SelectMany(ProgramsOn).Select(Find).OfType<Receiver>()];
    }

    static IEnumerable<uint> ProgramsOn(NetworkLink link) =>
    [
        .. link.XdpAttachments.Select(attachment => attachment.ProgramId),
        .. ProgramsAt(link, AttachPoint.TcIngress),
        .. ProgramsAt(link, AttachPoint.TcEgress),
    ];

    static IEnumerable<uint> ProgramsAt(NetworkLink link, AttachPoint point) =>
        (TcxLink.ReadPrograms(link.Index, point) ?? []).Concat(TcFilters.List(link.Index, point).Select(filter => filter.ProgramId));

    /// <summary>The receivers of this process, and the persistent ones in the calling thread's network namespace.</summary>
    /// <exception cref="CustomProtoException">As for <see cref="Find"/>.</exception>
    public static IReadOnlyList<Receiver> Available() => [.. All.Union(On(NetworkLinks.List()))];

    /// <summary>Closes all receivers of the process.</summary>
    public static void CloseAll()
    {
        foreach (var receiver in All)
        {
            receiver.Dispose();
        }
    }

    internal static void Add(Receiver receiver)
    {
        lock (s_lock)
        {
            s_receivers.Add(receiver);
        }
    }

    internal static void Remove(Receiver receiver)
    {
        lock (s_lock)
        {
            s_receivers.Remove(receiver);
        }
    }
}

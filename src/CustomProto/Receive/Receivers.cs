using CustomProto.Bpf;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>The receivers of this process.</summary>
public static class Receivers
{
    static readonly ProcessPrograms<Receiver> s_receivers = new(receiver => receiver.ProgramId, receiver => receiver.IsRead);

    /// <summary>The receivers that are registered now.</summary>
    public static IReadOnlyList<Receiver> All => s_receivers.All;

    /// <summary>The receiver whose program has an id: this process's own, or a persistent one, which this process then takes up.</summary>
    /// <returns><see langword="null"/> for a program that is neither.</returns>
    /// <exception cref="CustomProtoException">It is persistent, and of another version or not for this user.</exception>
    public static Receiver? Find(uint programId) => s_receivers.Find(programId, id => ReceiverPins.Exist(id) ? ReceiverRegistration.Adopt(id) : null);

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
    public static void CloseAll() => s_receivers.CloseAll();

    internal static void Add(Receiver receiver) => s_receivers.Add(receiver);

    internal static void Remove(Receiver receiver) => s_receivers.Remove(receiver);
}

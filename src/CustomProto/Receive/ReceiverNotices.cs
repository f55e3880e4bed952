using System.Globalization;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>What a user wouldn't expect, said before it surprises.</summary>
static class ReceiverNotices
{
    /// <summary>The notices that the options alone give rise to.</summary>
    internal static List<string> Before(ReceiverOptions options)
    {
        var notices = new List<string>();
        if (options.MatchAction == MatchAction.Pass && options.AttachPoint != AttachPoint.TcEgress && options.Encapsulation == Encapsulation.None)
        {
            var silent = (options.Ports ?? options.Protocol.Ports).Where(port => !UdpSockets.IsBound(port)).ToArray();
            if (silent.Length > 0)
            {
                var ports = string.Join(", ", silent.Select(port => port.ToString(CultureInfo.InvariantCulture)));
                notices.Add($"No socket is bound to UDP port {ports}: for each message{(options.Responder is null ? "" : " that isn't answered in the kernel")} the network stack answers the sender with ICMP port unreachable. Use -MatchAction Drop to keep messages from it.");
            }
        }

        return notices;
    }

    /// <summary>Programs at tc stand side by side, so that one more of the same sees each packet again.</summary>
    internal static void AddTwins(NetworkLink link, ReceiverOptions options, List<string> notices)
    {
        var ports = options.Ports ?? options.Protocol.Ports;
        var twins = Receivers.All.Where(receiver =>
            (receiver.Interface, receiver.InterfaceIndex, receiver.AttachPoint, receiver.Encapsulation) == (link.Name, link.Index, options.AttachPoint, options.Encapsulation)
            && receiver.Ports.Intersect(ports).Any());
        foreach (var twin in twins)
        {
            notices.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Program {twin.ProgramId} of this process, of the same kind, is at tc of '{link.Name}' already: both see each packet, and readers get a message from each. Unregister-TcProgram -Id {twin.ProgramId} removes it."));
        }
    }

    /// <summary>What keeps the answers of a responder from arriving.</summary>
    /// <exception cref="CustomProtoException">The interface is gone.</exception>
    internal static IReadOnlyList<string> OfResponder(NetworkLink link, XdpMode mode)
    {
        // In generic mode answers go the stack's way, which needs nothing of the peer. In native mode the peer's receive queue takes them, and
        // nobody looks into it unless a program runs there (veth_xdp_flush in drivers/net/veth.c); GRO isn't enough.
        if (link.Kind != "veth" || mode != XdpMode.Native)
        {
            return [];
        }

        var peer = NetworkLinks.FindPeer(link);
        if (peer?.XdpAttachments.Any(attachment => attachment.Mode == XdpMode.Native) == true)
        {
            return [];
        }

        const string Remedy = "Attach one there (Register-XdpProgram does), or register with -Mode Generic.";
        return peer is null
            ? [$"Answers to the veth peer of '{link.Name}' vanish, though they are counted, unless an XDP program runs there in native mode, which can't be seen from here. {Remedy}"]
            : [$"No XDP program runs in native mode on '{peer.Name}', the veth peer of '{link.Name}', so the answers to it vanish, though they are counted. {Remedy}"];
    }

    /// <summary>
    /// Generic mode comes after the kernel has merged datagrams, if it does: of what was merged, the program sees one packet with the first
    /// header, and can't tell. Datagrams are merged where UDP GRO was switched on, and by senders with UDP GSO at the other end of a veth pair.
    /// </summary>
    internal static void AddMerging(NetworkLink link, List<string> notices)
    {
        var own = OffloadFeatures.Read(link.Index);
        var merges = own is not null
            && (own.Contains(OffloadFeatures.HardwareGenericReceive)
                || (own.Contains(OffloadFeatures.GenericReceive) && (own.Contains(OffloadFeatures.GenericReceiveList) || own.Contains(OffloadFeatures.UdpGenericReceiveForwarding))));
        if (merges)
        {
            notices.Add($"'{link.Name}' merges datagrams (GRO) before a program in generic mode sees them, and of those only the first is recognised. Switch it off: ethtool -K {link.Name} gro off rx-gro-hw off");
        }

        if (link.Kind == "veth" && link.PeerIndex is { } peer)
        {
            AddPeerSegmentation(link, peer, notices);
        }
    }

    /// <summary>What is in another network namespace can't be asked from here; on veth the feature is on unless somebody switched it off.</summary>
    static void AddPeerSegmentation(NetworkLink link, int peer, List<string> notices)
    {
        NetworkLink? other = null;
        if (link.PeerIsElsewhere || !NetworkLinks.TryGet(peer, out other) || OffloadFeatures.Read(peer)?.Contains(OffloadFeatures.UdpSegmentation) == true)
        {
            var name = other?.Name ?? "PEER";
            notices.Add($"A sender at the other end of '{link.Name}' may hand over several datagrams as one (UDP GSO), of which a program in generic mode recognises only the first. Switch it off there: ethtool -K {name} tx-udp-segmentation off");
        }
    }
}

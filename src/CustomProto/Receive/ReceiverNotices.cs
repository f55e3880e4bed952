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
        if (options.MatchAction == MatchAction.Pass && options.AttachPoint != AttachPoint.TcEgress)
        {
            var silent = (options.Ports ?? options.Protocol.Ports).Where(port => !UdpSockets.IsBound(port)).ToArray();
            if (silent.Length > 0)
            {
                var ports = string.Join(", ", silent.Select(port => port.ToString(CultureInfo.InvariantCulture)));
                notices.Add($"No socket is bound to UDP port {ports}: for each message the network stack answers the sender with ICMP port unreachable. Use -MatchAction Drop to keep messages from it.");
            }
        }

        return notices;
    }
}

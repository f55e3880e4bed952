using System.Globalization;
using System.Text;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Exchange;

/// <summary>What is said when a request ends without its response.</summary>
static class RequestFailures
{
    /// <summary>The failure of a request whose last try's time is over.</summary>
    internal static CustomProtoException Expired(PendingRequest request, RequestOptions options)
    {
        var target = request.Target;
        var problem = new StringBuilder();
        problem.Append(Invariant($"No response came from {target.EndPoint} over '{target.Interface}' within {Seconds(options.Timeout)}"));
        problem.Append(request.Tries == 1 ? "." : Invariant($", {request.Tries} times."));
        var (id, hint) = Explain(request, problem);
        return new CustomProtoException(FailureKind.Timeout, id, problem.ToString(), hint, request.Destination);
    }

    /// <summary>Says what came instead.</summary>
    /// <returns>The id of the failure, and the advice.</returns>
    static (string Id, string Hint) Explain(PendingRequest request, StringBuilder problem)
    {
        var target = request.Target;
        var counts = request.Counts;
        if (!NetworkLinks.TryGet(target.InterfaceIndex, out var link) || !link.IsRunning)
        {
            problem.Append(Invariant($" '{target.Interface}' {(link is null ? "is gone" : link.IsUp ? "has lost its carrier" : "is down")}."));
            return ("NoResponse", Invariant($"Switch it on (ip link set dev {target.Interface} up) and ask again."));
        }

        if (counts.Late > 0)
        {
            problem.Append(Invariant($" {Messages(counts.Late, "response")} came later."));
            return ("NoResponse", "Give a longer -Timeout.");
        }

        if (request.Foreign is { } foreign)
        {
            problem.Append(Invariant($" {Messages(counts.Foreign, "message")} came from somebody else, {foreign}."));
            return ("NoResponse", "A response has to come from the address and port that the request went to: let the service answer from there (Send-CustomPacket -Reply does).");
        }

        if (counts.OtherType > 0)
        {
            problem.Append(Invariant($" {Messages(counts.OtherType, "message")} of another type came ({request.OtherType})."));
            return ("NoResponse", "Name the type that the service answers with: -ResponseType.");
        }

        var rejected = counts.Invalid > 0
            ? Invariant($"{counts.Invalid} ({request.Reason})")
            : string.Join(", ", target.Channel.Rejected().Select(reason => Invariant($"{reason.Packets} ({reason.Reason})")));
        if (rejected.Length > 0)
        {
            problem.Append(Invariant($" Packets on the port came that are no valid messages: {rejected}."));
            return ("NoResponse", "Let the service answer with messages of the protocol; Get-XdpStatistics counts what is wrong with them.");
        }

        return ExplainSilence(request, problem);
    }

    static (string Id, string Hint) ExplainSilence(PendingRequest request, StringBuilder problem)
    {
        var target = request.Target;
        switch (request.Refusal)
        {
            case Errno.ECONNREFUSED:
                problem.Append(Invariant($" ICMP port unreachable came back: nothing listens on port {target.EndPoint.Port} there."));
                return ("PortUnreachable", "Start the service, or have a program answer there: Register-XdpProgram -Respond.");
            case Errno.EHOSTUNREACH or Errno.ENETUNREACH:
                problem.Append(" A router on the way says that it can't reach the host, or nobody has the address.");
                return ("HostUnreachable", Invariant($"Check the address and the way: ip route get {target.EndPoint.Address}."));
        }

        if (!target.HasNeighbour)
        {
            problem.Append(Invariant($" {target.NextHop} hasn't told its MAC address, so nothing could be sent to it."));
            return ("HostUnreachable", Invariant($"Check the address, the cable and the VLAN; ip neighbour show dev {target.Interface} lists who answers."));
        }

        // Frames that a program sends back (XDP_TX) are lost at a veth end where no program runs.
        var hint = target.InterfaceKind == "veth" && target.Channel.Reader is null
            ? Invariant($"Check that something answers there. Over veth, answers made in the kernel arrive only where a program runs, too: Register-XdpProgram -Interface {target.Interface}.")
            : Invariant($"Check that something answers there, and that nothing drops packets on the way; Get-XdpStatistics -Interface {target.Interface} counts what arrives.");
        return ("NoResponse", hint);
    }

    static string Messages(long count, string noun) => Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    static string Seconds(TimeSpan time) => time >= TimeSpan.FromSeconds(1) ? Invariant($"{time.TotalSeconds:0.###} s") : Invariant($"{time.TotalMilliseconds:0.###} ms");

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

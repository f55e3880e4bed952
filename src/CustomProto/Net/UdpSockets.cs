using System.Globalization;

namespace CustomProto.Net;

/// <summary>The UDP sockets of the calling thread's network namespace (<c>/proc/thread-self/net/udp</c>, proc_net(5)).</summary>
static class UdpSockets
{
    /// <summary>Whether a socket, over IPv4 or IPv6, is bound to a port. Needs no privilege.</summary>
    internal static bool IsBound(int port)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return Lines("udp").Concat(Lines("udp6")).Any(line =>
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, ..] && local.EndsWith(suffix, StringComparison.Ordinal));
    }

    static IEnumerable<string> Lines(string table)
    {
        var path = $"/proc/thread-self/net/{table}";

        // A kernel without IPv6 has no such table.
        return File.Exists(path) ? File.ReadLines(path).Skip(1) : [];
    }
}

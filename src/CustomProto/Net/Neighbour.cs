using System.Net;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>One entry of the kernel's neighbour table (RTM_NEWNEIGH; include/uapi/linux/neighbour.h).</summary>
/// <param name="InterfaceIndex">The interface that the neighbour is on.</param>
/// <param name="Destination">Its IP address.</param>
/// <param name="State">How far the kernel is with it, NUD_*.</param>
/// <param name="Address">Its MAC address, if the kernel has one.</param>
readonly record struct Neighbour(int InterfaceIndex, IPAddress? Destination, ushort State, MacAddress? Address)
{
    const ushort Usable = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

    /// <summary>The MAC address if it holds: the kernel itself sends to it in these states, even while it verifies it.</summary>
    internal MacAddress? UsableAddress => (State & Usable) != 0 ? Address : null;

    /// <summary>Whether the kernel has asked in vain.</summary>
    internal bool HasFailed => (State & NUD_FAILED) != 0;

    /// <summary>Reads the body of an RTM_NEWNEIGH or RTM_DELNEIGH message.</summary>
    internal static Neighbour Parse(ReadOnlySpan<byte> body)
    {
        var header = NetlinkMessageReader.ReadHeader<NeighbourMessage>(body, out var attributes);
        IPAddress? destination = null;
        MacAddress? address = null;
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                // Bridges tell of their forwarding table in the same messages; that has no IP addresses.
                case NDA_DST when header.Family is Libc.AF_INET or Libc.AF_INET6:
                    destination = attributes.ReadAddress(header.Index);
                    break;
                case NDA_LLADDR when attributes.Value.Length == MacAddress.Length:
                    address = new MacAddress(attributes.Value);
                    break;
            }
        }

        return new Neighbour(header.Index, destination, header.State, address);
    }
}

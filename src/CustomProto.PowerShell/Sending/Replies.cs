using System.Net;
using System.Net.Sockets;
using CustomProto.PowerShell.Messages;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Sending;

/// <summary>The way back of a received message.</summary>
static class Replies
{
    /// <summary>
    /// What sends to the sender of a message: addresses and ports swapped, out of the interface that it came in by, with its VLAN tags.
    /// </summary>
    /// <exception cref="CustomProtoException">There is nobody to reply to.</exception>
    internal static SendOptions OptionsFor(CustomMessage message)
    {
        if (message.SourceAddress is not { } sender || message.DestinationAddress is not { } receiver)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "MessageNotReceived",
                "The message was made here and not received, so there is nobody to reply to.",
                "Say where to send it: -Destination.",
                message);
        }

        if (IsGroup(sender))
        {
            throw new CustomProtoException(
                FailureKind.InvalidData,
                "SourceIsGroup",
                $"The message claims to come from {sender}, which is a group of hosts; it isn't replied to.",
                "Nothing has to be done: no host sends from such an address.",
                message);
        }

        var isTagged = message.VlanId.Length > 0;
        return new SendOptions
        {
            Destination = sender,
            DestinationPort = message.SourcePort,
            Protocol = KnownProtocols.Find(message.Protocol) ?? ProtocolDefinition.Default,

            // A reply to what went to a group comes from one of this host's own addresses.
            SourceAddress = message.DestinationMac.IsMulticast || IsGroup(receiver) ? null : receiver,
            SourcePort = message.DestinationPort,
            Interface = message.Interface,

            // Only the VLAN knows the way to a tagged host, and neighbours are asked without a tag.
            VlanId = isTagged ? message.VlanId : [],
            DestinationMac = isTagged ? message.SourceMac : null,
        };
    }

    static bool IsGroup(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? address.IsIPv6Multicast
        : address.GetAddressBytes()[0] >> 4 == 0xe || address.Equals(IPAddress.Broadcast);
}

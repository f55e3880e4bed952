using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Messages;

/// <summary>The protocols that this process can name: the built-in one, and those of the registered programs.</summary>
static class KnownProtocols
{
    /// <summary>The protocol with a name, if it is known.</summary>
    internal static ProtocolDefinition? Find(string? name) =>
        Receivers.All.Select(receiver => receiver.Protocol).Prepend(ProtocolDefinition.Default).FirstOrDefault(protocol => protocol.Name == name);
}

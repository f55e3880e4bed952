using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Parameters;

/// <summary>The names that message types have: those of the enumeration, and those of the protocols in use.</summary>
static class MessageTypeNames
{
    /// <summary>Every name with its value; where two protocols differ, the one registered first holds.</summary>
    internal static IReadOnlyDictionary<string, MessageType> All
    {
        get
        {
            var names = new Dictionary<string, MessageType>(StringComparer.OrdinalIgnoreCase);
            foreach (var protocol in Receivers.All.Select(receiver => receiver.Protocol).Append(ProtocolDefinition.Default))
            {
                foreach (var (value, name) in protocol.TypeNames)
                {
                    names.TryAdd(name, (MessageType)value);
                }
            }

            foreach (var type in Enum.GetValues<MessageType>())
            {
                names.TryAdd(type.ToString(), type);
            }

            return names;
        }
    }
}

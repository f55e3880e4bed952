using System.Text.Json;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// What a process has to know about a persistent receiver that another one registered, and the kernel objects don't tell: kept as JSON in
/// a map of its own, pinned beside the others.
/// </summary>
sealed record ReceiverAbout(
    string Interface,
    int InterfaceIndex,
    AttachPoint AttachPoint,
    Encapsulation Encapsulation,
    MessageType EncapsulatedType,
    XdpMode Mode,
    int RingSize,
    int SnapLength,
    bool VerifyChecksum,
    int PeerCapacity,
    IReadOnlyList<int>? ChosenPorts,
    string ProtocolName,
    IReadOnlyList<int> Ports,
    int HeaderSize,
    ByteOrder ByteOrder,
    bool LengthCountsHeader,
    IReadOnlyList<ProtocolField> Fields,
    IReadOnlyDictionary<byte, string> TypeNames)
{
    /// <summary>The protocol that its messages are read with.</summary>
    internal ProtocolDefinition Protocol => new(ProtocolName, Ports, HeaderSize, Fields, ByteOrder, LengthCountsHeader, TypeNames);

    /// <summary>The options that a program with the same configuration is loaded with; what can be changed meanwhile is the caller's.</summary>
    internal ReceiverOptions Options => new()
    {
        Interface = Interface,
        AttachPoint = AttachPoint,
        Encapsulation = Encapsulation,
        EncapsulatedType = EncapsulatedType,
        Protocol = Protocol,
        Ports = ChosenPorts,
        VerifyChecksum = VerifyChecksum,
        PeerCapacity = PeerCapacity,
        RingSize = RingSize,
        SnapLength = SnapLength,
    };

    /// <summary>Describes a receiver.</summary>
    internal static ReceiverAbout Describe(NetworkLink link, XdpMode mode, ReceiverOptions options) => new(
        link.Name,
        link.Index,
        options.AttachPoint,
        options.Encapsulation,
        options.EncapsulatedType,
        mode,
        options.RingSize,
        options.SnapLength,
        options.VerifyChecksum,
        options.PeerCapacity,
        options.Ports,
        options.Protocol.Name,
        options.Protocol.Ports,
        options.Protocol.HeaderSize,
        options.Protocol.ByteOrder,
        options.Protocol.LengthCountsHeader,
        options.Protocol.Fields,
        options.Protocol.TypeNames);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="CustomProtoException">The text is something else.</exception>
    internal static ReceiverAbout FromJson(ReadOnlySpan<byte> json, string target)
    {
        try
        {
            return JsonSerializer.Deserialize<ReceiverAbout>(json) ?? throw new JsonException();
        }
        catch (JsonException failure)
        {
            throw new CustomProtoException(
                FailureKind.InvalidData,
                "PinDamaged",
                $"The description pinned in '{target}' can't be read.",
                $"Remove the pins: rm -r {target}",
                target,
                failure);
        }
    }

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this);
}

namespace CustomProto.Protocol;

/// <summary>
/// What packets from the same sender to the same receiver have in common. Immutable, so messages that came one after the other share one.
/// </summary>
sealed class PacketEnvelope
{
    readonly PacketNumbers _numbers;

    internal PacketEnvelope(string? interfaceName, in PacketNumbers numbers)
    {
        Interface = interfaceName;
        _numbers = numbers;
    }

    /// <summary>That of a message which wasn't on a network.</summary>
    internal static PacketEnvelope None { get; } = new(null, default);

    /// <summary>The name of the interface.</summary>
    internal string? Interface { get; }

    /// <summary>The rest.</summary>
    internal ref readonly PacketNumbers Numbers => ref _numbers;
}

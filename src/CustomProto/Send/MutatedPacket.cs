namespace CustomProto.Send;

/// <summary>A packet that a <see cref="PacketMutator"/> changed.</summary>
/// <param name="Mutation">What was changed.</param>
/// <param name="Frames">The frames: one, but for fragments.</param>
public sealed record MutatedPacket(PacketMutation Mutation, IReadOnlyList<byte[]> Frames);

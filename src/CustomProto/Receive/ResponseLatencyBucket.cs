namespace CustomProto.Receive;

/// <summary>How many answers took a time within two bounds.</summary>
/// <param name="FromNanoseconds">The shortest time that counts here.</param>
/// <param name="ToNanoseconds">The shortest that doesn't any more: twice the other.</param>
/// <param name="Count">How many answers.</param>
/// <param name="Share">Which part of all they are, from 0 to 1.</param>
public sealed record ResponseLatencyBucket(long FromNanoseconds, long ToNanoseconds, long Count, double Share);

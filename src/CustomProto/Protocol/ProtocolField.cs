namespace CustomProto.Protocol;

/// <summary>A field of a protocol's header.</summary>
/// <param name="Name">The name under which its value is shown.</param>
/// <param name="Offset">Bytes from the start of the header.</param>
/// <param name="Width">Bytes: 1, 2, 4 or 8.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Value">What magic and version have to be; <see langword="null"/> for the other roles.</param>
public sealed record ProtocolField(string Name, int Offset, int Width, FieldRole Role = FieldRole.Plain, ulong? Value = null)
{
    /// <summary>The largest value that fits.</summary>
    public ulong MaxValue => Width == sizeof(ulong) ? ulong.MaxValue : (1UL << (8 * Width)) - 1;
}

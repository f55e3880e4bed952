namespace CustomProto.Abi;

/// <summary><c>enum cp_reason</c>.</summary>
enum Reason : uint
{
    None,
    Fragment,
    Truncated,
    BadChecksum,
    BadMagic,
    BadVersion,
    BadLength,
    Count,
}

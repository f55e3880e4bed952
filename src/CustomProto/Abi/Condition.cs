namespace CustomProto.Abi;

/// <summary><c>enum cp_condition</c>.</summary>
[Flags]
enum Condition : uint
{
    Type = 1,
    Source = 2,
    SourcePort = 4,
    DestinationPort = 8,
    Bytes = 16,
    Rejected = 32,
}

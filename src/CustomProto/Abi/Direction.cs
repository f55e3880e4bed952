namespace CustomProto.Abi;

/// <summary><c>enum cp_direction</c>.</summary>
enum Direction : uint
{
    Ingress,
    Egress,
}

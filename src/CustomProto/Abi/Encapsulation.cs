namespace CustomProto.Abi;

/// <summary><c>enum cp_encapsulation</c>.</summary>
enum Encapsulation : uint
{
    None,
    Add,
    Remove,
}

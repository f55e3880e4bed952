namespace CustomProto.Abi;

/// <summary><c>enum cp_hook</c>: where the program runs.</summary>
enum Hook : uint
{
    Tc = 1,
    Xdp = 2,
}

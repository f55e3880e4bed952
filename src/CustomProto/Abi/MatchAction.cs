namespace CustomProto.Abi;

/// <summary><c>enum cp_match_action</c>.</summary>
enum MatchAction : uint
{
    Pass,
    Drop,
}

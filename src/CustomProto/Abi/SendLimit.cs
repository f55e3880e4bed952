namespace CustomProto.Abi;

/// <summary><c>enum cp_send_limit</c>.</summary>
static class SendLimit
{
    internal const int MaxTypes = 16;
    internal const int MaxFrame = 3408;
    internal const int Block = 32;
    internal const int MaxBlocks = 8;
}

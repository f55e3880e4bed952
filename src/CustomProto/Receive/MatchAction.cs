namespace CustomProto.Receive;

/// <summary>What becomes of a valid message after it was counted and recorded.</summary>
public enum MatchAction
{
    /// <summary>It goes on to the network stack: the program observes.</summary>
    Pass,

    /// <summary>It ends here: the program is the receiver.</summary>
    Drop,
}

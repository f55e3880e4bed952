using CustomProto.Protocol;

namespace CustomProto.PowerShell.Messages;

/// <summary>What is said about messages that found the ring full: a sentence when it begins, and one at the end.</summary>
sealed class LossReport
{
    long _lost;

    /// <summary>The sentence for the end, if anything was lost.</summary>
    internal string? Sum => _lost == 0 ? null : $"{_lost} messages were lost between those that were read.";

    /// <summary>Takes note of a message.</summary>
    /// <returns>The sentence for the beginning, if this is where it begins.</returns>
    internal string? Begin(CustomMessage message)
    {
        var isFirst = _lost == 0 && message.LostBefore > 0;
        _lost += message.LostBefore;
        return isFirst
            ? $"{message.LostBefore} messages on '{message.Interface}' were lost before this one: the ring was full. Read faster, or register with a larger -RingSize; LostBefore and Get-XdpStatistics tell how many were lost where."
            : null;
    }
}

namespace CustomProto.Exchange;

/// <summary>What came of the requests to one destination so far.</summary>
public readonly record struct ExchangeCounts
{
    /// <summary>Datagrams sent: every try of every request.</summary>
    public long Sent { get; init; }

    /// <summary>Requests that were answered in time.</summary>
    public long Answered { get; init; }

    /// <summary>Responses that came when their try's time was over.</summary>
    public long Late { get; init; }

    /// <summary>Further responses to what was answered already.</summary>
    public long Duplicates { get; init; }

    /// <summary>Messages for a request's port that came from another address or port, or before the request was sent: no answers.</summary>
    public long Foreign { get; init; }

    /// <summary>Messages from the destination that have another type than a response.</summary>
    public long OtherType { get; init; }

    /// <summary>
    /// Datagrams from the destination that aren't valid messages. A UDP socket sees them; where a program receives, its counters tell.
    /// </summary>
    public long Invalid { get; init; }

    /// <summary>Two counts together.</summary>
    public static ExchangeCounts operator +(ExchangeCounts one, ExchangeCounts other) => new()
    {
        Sent = one.Sent + other.Sent,
        Answered = one.Answered + other.Answered,
        Late = one.Late + other.Late,
        Duplicates = one.Duplicates + other.Duplicates,
        Foreign = one.Foreign + other.Foreign,
        OtherType = one.OtherType + other.OtherType,
        Invalid = one.Invalid + other.Invalid,
    };

    /// <summary>Two counts together.</summary>
    public static ExchangeCounts Add(ExchangeCounts left, ExchangeCounts right) => left + right;
}

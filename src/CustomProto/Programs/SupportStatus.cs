namespace CustomProto.Programs;

/// <summary>How something stands.</summary>
public enum SupportStatus
{
    /// <summary>It is there, or as it should be.</summary>
    Supported,

    /// <summary>It works, but not everywhere, not fully, or with a surprise.</summary>
    Warning,

    /// <summary>It doesn't work here as things are.</summary>
    Unsupported,

    /// <summary>It can't be told from here.</summary>
    Unknown,
}

namespace CustomProto.Protocol;

/// <summary>What a header field is for.</summary>
public enum FieldRole
{
    /// <summary>Carried and shown, but not interpreted.</summary>
    Plain,

    /// <summary>A fixed value that tells the protocol's packets from others.</summary>
    Magic,

    /// <summary>A fixed value that says which version of the protocol this is.</summary>
    Version,

    /// <summary>The kind of message; one byte.</summary>
    Type,

    /// <summary>The number of data bytes that follow the header.</summary>
    Length,
}

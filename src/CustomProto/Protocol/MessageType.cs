namespace CustomProto.Protocol;

/// <summary>The type byte of a message. Any value may occur; these two have a meaning in every definition that doesn't say otherwise.</summary>
public enum MessageType : byte
{
    /// <summary>No type: the definition has no such field, or the sender left it 0.</summary>
    None = 0,

    /// <summary>A request.</summary>
    Request = 1,

    /// <summary>The response to a request; it is never answered itself.</summary>
    Response = 2,
}

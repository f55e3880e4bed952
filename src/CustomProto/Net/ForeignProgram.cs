namespace CustomProto.Net;

/// <summary>What becomes of an XDP program of somebody else that holds the interface.</summary>
public enum ForeignProgram
{
    /// <summary>It stays, and registering fails.</summary>
    Keep,

    /// <summary>It is detached and ours attached by a link of its own; packets in the gap are seen by neither, and the gap is reported.</summary>
    Detach,

    /// <summary>
    /// The two are exchanged atomically. Ours then has the attachment of the foreign one: through netlink it outlives the process, by a
    /// link it ends when its owner's and this process have both ended.
    /// </summary>
    Exchange,
}

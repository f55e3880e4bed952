namespace CustomProto.Receive;

/// <summary>What a program at tc does to the datagrams on its port, so that programs speak the protocol that don't know it.</summary>
public enum Encapsulation
{
    /// <summary>Nothing: it receives.</summary>
    None,

    /// <summary>What leaves gets the protocol's header before its payload.</summary>
    Encapsulate,

    /// <summary>Messages that arrive lose it again.</summary>
    Decapsulate,
}

namespace CustomProto.Net;

/// <summary>Where an XDP program is asked to run.</summary>
public enum AttachMode
{
    /// <summary>In the driver where it can, otherwise in the network stack; which and why is said.</summary>
    Auto,

    /// <summary>In the driver, before a socket buffer is made.</summary>
    Native,

    /// <summary>In the network stack: slower, on every interface.</summary>
    Generic,

    /// <summary>On the network card.</summary>
    Offload,
}

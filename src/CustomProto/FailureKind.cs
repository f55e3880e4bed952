namespace CustomProto;

/// <summary>What kind of thing went wrong, independent of the system call that said so.</summary>
public enum FailureKind
{
    /// <summary>No more specific kind is known.</summary>
    Unknown,

    /// <summary>The caller gave a value that can't be used.</summary>
    InvalidArgument,

    /// <summary>Data (an object file, a map, a packet) is not what it has to be.</summary>
    InvalidData,

    /// <summary>The interface, program, address or name isn't there.</summary>
    NotFound,

    /// <summary>A capability is missing.</summary>
    PermissionDenied,

    /// <summary>Somebody else holds the thing.</summary>
    Busy,

    /// <summary>It is there already.</summary>
    Exists,

    /// <summary>The kernel, the driver or the interface can't do it.</summary>
    Unsupported,

    /// <summary>A limit (memory, MTU, size) is exceeded.</summary>
    LimitExceeded,

    /// <summary>No route, or the next hop doesn't answer.</summary>
    Unreachable,

    /// <summary>It took longer than allowed.</summary>
    Timeout,

    /// <summary>A library or a tool that is needed isn't installed.</summary>
    NotInstalled,

    /// <summary>The interface, program or ring went away while it was in use.</summary>
    Gone,
}

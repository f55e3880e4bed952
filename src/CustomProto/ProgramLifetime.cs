namespace CustomProto;

/// <summary>What ends the attachment of a program.</summary>
public enum ProgramLifetime
{
    /// <summary>It isn't known: seeing it needs CAP_SYS_ADMIN.</summary>
    Unknown,

    /// <summary>The end of the last process that holds its BPF link.</summary>
    Process,

    /// <summary>Unregistering only: its BPF link is pinned.</summary>
    Persistent,

    /// <summary>Detaching only: it was attached without a link and belongs to no process.</summary>
    Netlink,
}

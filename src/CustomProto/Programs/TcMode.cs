namespace CustomProto.Programs;

/// <summary>How a program is attached at tc.</summary>
public enum TcMode
{
    /// <summary>Through the list of BPF programs that an interface has for each direction (tcx), from Linux 6.6 on.</summary>
    Tcx,

    /// <summary>As a filter of the clsact qdisc, which stays until it is removed; it runs after the others.</summary>
    Clsact,
}

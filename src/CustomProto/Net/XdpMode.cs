namespace CustomProto.Net;

/// <summary>How an XDP program is attached to an interface.</summary>
public enum XdpMode
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>In the driver, before the kernel has made a socket buffer (<c>xdpdrv</c>).</summary>
    Native,

    /// <summary>In the stack, on socket buffers; every interface can do it (<c>xdpgeneric</c>).</summary>
    Generic,

    /// <summary>In the network card (<c>xdpoffload</c>).</summary>
    Offload,
}

/// <summary>An XDP program that is attached to an interface.</summary>
/// <param name="Mode">How it is attached.</param>
/// <param name="ProgramId">The kernel's id of the program; <c>bpftool prog show id</c> takes it too.</param>
public sealed record XdpAttachment(XdpMode Mode, uint ProgramId);

using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>Detaching programs that this process has no receiver for: foreign ones, and what dead processes left.</summary>
public static class XdpDetach
{
    /// <summary>
    /// Detaches a program, if it is still the one that is attached there; its link stays without an interface, its pins of ours are
    /// removed. Needs CAP_SYS_ADMIN.
    /// </summary>
    /// <param name="link">The interface, in the calling thread's network namespace.</param>
    /// <param name="mode">Where the program runs.</param>
    /// <param name="programId">The program.</param>
    /// <exception cref="CustomProtoException">Another program is attached by now (<see cref="FailureKind.Busy"/>), or the kernel refuses.</exception>
    public static void Detach(NetworkLink link, XdpMode mode, uint programId)
    {
        ArgumentNullException.ThrowIfNull(link);
        using var program = KernelObjects.OpenProgram(programId);
        using var byLink = KernelObjects.OpenXdpLink(programId, link.Index) is { } found ? new XdpLink(found) : null;
        if (byLink is not null)
        {
            byLink.Detach();
        }
        else
        {
            using var byNetlink = new NetlinkAttachment(link.Index, XdpAttach.Flags(mode), program.Duplicate(link.Name));
            switch (byNetlink.TryDetach())
            {
                case 0:
                    break;
                case Errno.EEXIST or Errno.ENOENT:
                    throw XdpTakeover.Changed(link, programId);
                case var errno:
                    throw Failures.Create(Operation.DetachXdp, errno, link.Name);
            }
        }

        PinFolder.Remove(programId);
    }
}

using CustomProto.Bpf;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>How a receiver comes to be: registered anew, or taken up from the pins of a persistent one.</summary>
static class ReceiverRegistration
{
    /// <summary>Loads the program, attaches it and, if it is to persist, pins it: all of it or nothing.</summary>
    /// <exception cref="CustomProtoException">It isn't possible.</exception>
    internal static Receiver Register(ReceiverOptions options)
    {
        var link = NetworkLinks.Get(options.Interface);
        if (!link.HasEthernetHeader)
        {
            throw new CustomProtoException(
                FailureKind.Unsupported,
                "NoEthernetHeader",
                $"Cannot attach the program to '{link.Name}': its packets have no Ethernet header (hardware type {link.HardwareType}).",
                "Register on the interface below it, or on one that carries Ethernet.",
                link.Name);
        }

        if (options.HardwareTimestamp)
        {
            options = HardwareTime.Require(options, link);
        }

        if (options.Persist)
        {
            BpfFileSystem.RequireMounted();
        }

        var program = options.HardwareTimestamp ? HardwareTime.Load(options, link) : ReceiverProgram.Load(options);
        ReaderSlot? reader = null;
        AttachedProgram? attachment = null;
        try
        {
            program.SetResponder(options, link, options.Mode == AttachMode.Generic);
            reader = ReaderSlot.Create(program, options.RingSize);
            var notices = ReceiverNotices.Before(options);
            (attachment, var mode) = Attach(program, link, options, notices);
            if (options.HardwareTimestamp)
            {
                HardwareTime.AddNotice(link, notices);
            }

            if (options.Responder is not null)
            {
                notices.AddRange(ReceiverNotices.OfResponder(link, mode));
            }

            if (mode == XdpMode.Generic)
            {
                if (options.Responder is not null && options.Mode != AttachMode.Generic)
                {
                    program.SetResponder(options, link, isGeneric: true);
                }

                ReceiverNotices.AddMerging(link, notices);
            }

            var about = ReceiverAbout.Describe(link, mode, options);
            if (options.Persist)
            {
                Pin(program, attachment, reader, about);
            }

            return new Receiver(about, program, attachment, reader, notices);
        }
        catch
        {
            try
            {
                attachment?.Detach();
            }
            finally
            {
                attachment?.Dispose();
                reader?.Dispose();
                program.Dispose();
            }

            throw;
        }
    }

    /// <summary>Takes up a persistent receiver.</summary>
    /// <exception cref="CustomProtoException">Its pins are damaged, went away, or may not be read.</exception>
    internal static Receiver Adopt(uint programId)
    {
        ReceiverAbout about;
        using (var map = BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.About)))
        {
            about = ReceiverAbout.FromJson(map.ReadValue(), ReceiverPins.Folder(programId));
        }

        var program = ReceiverProgram.Open(programId);
        ReaderSlot? reader = null;
        try
        {
            reader = ReaderSlot.Adopt(program, BpfMap.Open(ReceiverPins.Path(programId, ReceiverPins.Ring)), about.RingSize);
            return new Receiver(about, program, OpenAttachment(programId, about, program), reader, []);
        }
        catch
        {
            reader?.Dispose();
            program.Dispose();
            throw;
        }
    }

    static (AttachedProgram Attachment, XdpMode Mode) Attach(ReceiverProgram program, NetworkLink link, ReceiverOptions options, List<string> notices)
    {
        if (options.AttachPoint != AttachPoint.Xdp)
        {
            ReceiverNotices.AddTwins(link, options, notices);
            return (AttachTc(program, link, options, notices), XdpMode.None);
        }

        if (options.ForeignProgram != ForeignProgram.Keep && link.XdpAttachments.Count > 0)
        {
            return XdpTakeover.Take(program.Program, link, options.ForeignProgram, options.Mode, options.ForeignProgramId, notices);
        }

        return XdpAttach.Attach(program.Program, link, options.Mode, notices);
    }

    static AttachedProgram AttachTc(ReceiverProgram program, NetworkLink link, ReceiverOptions options, List<string> notices)
    {
        if (!options.WithoutTcx && TcxLink.IsAvailable(link))
        {
            return TcxLink.Attach(program.Program, link, options.AttachPoint);
        }

        if (!options.Persist)
        {
            notices.Add(
                $"This kernel has no links at tc (Linux 6.6 has), so the program is a filter of clsact on '{link.Name}': if this process is killed, "
                + "the filter stays until the next command that lists, registers or unregisters tc programs.");
        }

        return ClsactAttachment.Attach(program.Program, link, options.AttachPoint, options.Persist);
    }

    static void Pin(ReceiverProgram program, AttachedProgram attachment, ReaderSlot reader, ReceiverAbout about)
    {
        var id = program.Program.Info.Id;
        try
        {
            ReceiverPins.Create(id);
            program.Pin(id);
            reader.Pin(ReceiverPins.Path(id, ReceiverPins.Ring));
            (attachment as ProgramLink)?.Pin(ReceiverPins.Path(id, ReceiverPins.Link));

            // The last, as it is what others look for.
            using var description = BpfMap.CreateValue("cp_about", about.ToJson());
            description.Pin(ReceiverPins.Path(id, ReceiverPins.About));
        }
        catch
        {
            PinFolder.Remove(id);
            throw;
        }
    }

    /// <summary>The link if there is one; what was exchanged through netlink has none.</summary>
    static AttachedProgram OpenAttachment(uint programId, ReceiverAbout about, ReceiverProgram program)
    {
        var link = ReceiverPins.Path(programId, ReceiverPins.Link);
        if (about.AttachPoint != AttachPoint.Xdp)
        {
            return File.Exists(link)
                ? new TcxLink(BpfFileSystem.Open(link), ProgramLifetime.Persistent)
                : ClsactAttachment.Open(about.Interface, about.InterfaceIndex, about.AttachPoint, programId);
        }

        return File.Exists(link)
            ? new XdpLink(BpfFileSystem.Open(link), ProgramLifetime.Persistent)
            : new NetlinkAttachment(about.InterfaceIndex, XdpAttach.Flags(about.Mode), program.Program.Descriptor.Duplicate(about.Interface));
    }
}

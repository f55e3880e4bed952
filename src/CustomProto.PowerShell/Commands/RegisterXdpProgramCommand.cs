using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Commands;

/// <summary>Loads the protocol's XDP program and attaches it to interfaces.</summary>
[Cmdlet(VerbsLifecycle.Register, "XdpProgram", DefaultParameterSetName = ProtocolSet, SupportsShouldProcess = true)]
[OutputType(typeof(XdpProgram), typeof(VerificationReport))]
public sealed partial class RegisterXdpProgramCommand : RegisterProgramCommand
{
    const string ProtocolSet = "Protocol";

    /// <summary>Where the program runs.</summary>
    [Parameter]
    public AttachMode Mode { get; set; }

    /// <summary>The UDP ports, instead of the protocol's own.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateCount(1, ProtocolDefinition.MaxPorts)]
    [ValidateRange(1, ushort.MaxValue)]
    public int[]? Port { get; set; }

    /// <summary>What becomes of valid messages.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public MatchAction MatchAction { get; set; }

    /// <summary>Whether the program writes a line a packet to the kernel's trace.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public SwitchParameter Trace { get; set; }

    /// <summary>Whether packets with a wrong checksum are rejected.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public SwitchParameter VerifyChecksum { get; set; }

    /// <summary>Whether the program asks the driver when the card received each packet.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    public SwitchParameter HardwareTimestamp { get; set; }

    /// <summary>The ring's size in bytes.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateRange((long)ReceiverOptions.MinRingSize, (long)ReceiverOptions.MaxRingSize)]
    public long RingSize { get; set; } = ReceiverOptions.DefaultRingSize;

    /// <summary>How many bytes of a message's data are recorded at most.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateRange(0, ushort.MaxValue)]
    public int SnapLength { get; set; } = ushort.MaxValue;

    /// <summary>Readers that the program has beside the default one, from the beginning to its end.</summary>
    [Parameter(ParameterSetName = ProtocolSet)]
    [ValidateNotNullOrEmpty]
    public string[] Reader { get; set; } = [];

    /// <summary>Whether the program takes the place of another one, after a confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether the two programs are exchanged without a gap.</summary>
    [Parameter]
    public SwitchParameter NoGap { get; set; }

    private protected override void Register(NetworkLink link)
    {
        if (ParameterSetName == ObjectFileSet)
        {
            RegisterObjectFile(link);
            return;
        }

        if (!Attempt(() => Options(link), link.Name, out var options))
        {
            return;
        }

        if (!ShouldProcess($"{link.Name} (index {link.Index})", $"Attach the XDP program ({Mode.ToString().ToLowerInvariant()}, {MatchAction})"))
        {
            Verify(options);
        }
        else if (MayReplace(link) && Attempt(() => Receiver.Register(options), link.Name, out var receiver))
        {
            Announce(receiver.ProgramId, receiver.Interface, receiver.InterfaceIndex, receiver.Mode, receiver.Notices, receiver.Unregister);
        }
    }

    void Announce(uint id, string name, int index, XdpMode mode, IEnumerable<string> notices, Action unregister) => Announce(
        $"Program {id} runs on {name} in {mode.ToString().ToLowerInvariant()} mode.", notices, () => Describe(index, id), name, unregister);

    ReceiverOptions Options(NetworkLink link) => new()
    {
        Interface = link.Name,
        Mode = Mode,
        Ports = Port,
        MatchAction = MatchAction,
        Readers = Reader,
        Trace = Trace,
        VerifyChecksum = VerifyChecksum,
        HardwareTimestamp = HardwareTimestamp,
        RingSize = (int)RingSize,
        SnapLength = SnapLength,
        Persist = Persist,
        PeerCapacity = PeerCapacity,
        Responder = ResponderChoice.From(MyInvocation.BoundParameters, null),
        ForeignProgram = Way,
        ForeignProgramId = Seen(link),
    };

    bool MayReplace(NetworkLink link) =>
        !Force || ConfirmForeign("XDP", link.XdpAttachments.Select(attachment => attachment.ProgramId).Where(id => !IsOwn(id)), link.Name, "Replace");

    static bool IsOwn(uint programId) => UserPrograms.Find(programId) is not null || Receivers.All.Any(receiver => receiver.ProgramId == programId);

    ForeignProgram Way => !Force ? ForeignProgram.Keep : NoGap ? ForeignProgram.Exchange : ForeignProgram.Detach;

    static uint? Seen(NetworkLink link) => link.XdpAttachments is [var held] ? held.ProgramId : null;

    /// <summary>What was attached; exchanged for a foreign program in its link, it has another holder beside this process.</summary>
    XdpProgram Describe(int interfaceIndex, uint programId)
    {
        NetworkLink[] links = [NetworkLinks.Get(interfaceIndex)];
        return (Way == ForeignProgram.Exchange ? ProgramInventory.List(links) : ProgramInventory.ListOwn(links)).First(program => program.Id == programId);
    }
}

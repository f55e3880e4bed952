using System.ComponentModel;
using System.Diagnostics;
using CustomProto.Bpf;
using CustomProto.Fixtures;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Programs;

/// <summary>The kernel's own words for refusing an attachment.</summary>
[Collection(KernelSuite.Name)]
public sealed class RefusedAttachmentTests : IDisposable
{
    const string Instances = "/sys/kernel/tracing/instances";
    const string MtuWords = "veth: Peer MTU is too large to set XDP";
    const string QueueWords = "veth: XDP expects number of rx queues not less than peer tx queues";
    const int CLONE_NEWNS = 0x20000;

    readonly TestNetwork _network = new(hosts: 1);

    public void Dispose()
    {
        _network.Dispose();
        Assert.Empty(Directory.Exists(Instances) ? Directory.GetDirectories(Instances, $"customproto-{Environment.ProcessId}-*") : []);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Too_large_an_MTU_of_the_peer()
    {
        Add("mtu 9000", "");
        var refused = Refused();

        Assert.StartsWith($"Cannot attach the XDP program to 'near': Numerical result out of range (ERANGE): {MtuWords}. ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("lower the MTU of its veth peer", refused.Hint, StringComparison.Ordinal);
        Assert.Contains($"The kernel says: {MtuWords}.", NoticeOfGenericMode(), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Too_few_queues()
    {
        Add("numtxqueues 4 numrxqueues 4", "numtxqueues 1 numrxqueues 1");
        var refused = Refused();

        Assert.Contains($"(ENOSPC): {QueueWords}. ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ethtool -l", refused.Hint, StringComparison.Ordinal);
        Assert.EndsWith($"ethtool -l near shows them. The kernel says: {QueueWords}.", NoticeOfGenericMode(), StringComparison.Ordinal);
        Assert.Contains(QueueWords, Assert.Throws<NativeException>(() => Receive(AttachMode.Native)).Message, StringComparison.Ordinal);
        Assert.Contains(QueueWords, Receive(AttachMode.Auto), StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf | KernelNeed.Tracefs)]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Offload)]
    public void Mode_that_the_driver_has_not(AttachMode mode) => Assert.StartsWith(
        "Cannot attach the XDP program to 'lo': Operation not supported (EOPNOTSUPP): Underlying driver does not support XDP in native mode. ",
        Refused("lo", mode).Message,
        StringComparison.Ordinal);

    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Program_on_the_bridge_above()
    {
        Add("", "");
        _network.Ip(0, "link add above type bridge");
        _network.Ip(0, "link set dev near master above");
        using var upper = Register("above", AttachMode.Generic);

        var refused = Refused(mode: AttachMode.Auto);
        Assert.Contains("(EEXIST): Cannot attach when an upper device already has a program. ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("above 'near', such as a bridge", refused.Hint, StringComparison.Ordinal);
    }

    /// <summary>A program for fragments may be where one without may not. Exchanging the program of a link has no words of the kernel's.</summary>
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(ForeignProgram.Detach, false, $": {MtuWords}.", "had been detached for it. It is attached again, through netlink.")]
    [InlineData(ForeignProgram.Detach, true, $": {MtuWords}.", "had been detached for it. It is attached again, through netlink.")]
    [InlineData(ForeignProgram.Exchange, false, $": {MtuWords}.", "is there as before.")]
    [InlineData(ForeignProgram.Exchange, true, ".", "is there as before.")]
    public void Takeover_that_the_driver_refuses(ForeignProgram way, bool byLink, string words, string fate)
    {
        Add("mtu 9000", "");
        using var foreign = Foreign(byLink);

        var refused = Assert.Throws<NativeException>(() => TakeOver(way, AttachMode.Auto));

        Assert.StartsWith($"Cannot attach the XDP program to 'near': Numerical result out of range (ERANGE){words} The program 'second' (id {foreign.Id}) ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(fate, refused.Hint, StringComparison.Ordinal);
        Assert.Contains("declare it SEC(\"xdp.frags\")", refused.Hint, StringComparison.Ordinal);
        Assert.Equal([new XdpAttachment(XdpMode.Native, foreign.Id)], _network.Run(0, () => NetworkLinks.Get("near")).XdpAttachments);
        Detach(foreign.Id);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Takeover_in_another_mode_needs_a_gap()
    {
        Add("mtu 9000", "");
        using var foreign = Foreign(byLink: false);

        var refused = Assert.Throws<CustomProtoException>(() => TakeOver(ForeignProgram.Exchange, AttachMode.Generic));
        Assert.Equal((FailureKind.InvalidArgument, "ModeDiffers"), (refused.Kind, refused.ErrorId));
        Assert.Contains("it runs in native mode, and generic mode is asked for", refused.Message, StringComparison.Ordinal);

        using var generic = TakeOver(ForeignProgram.Detach, AttachMode.Generic);
        Assert.Equal((XdpMode.Generic, ProgramLifetime.Process), (generic.Mode, generic.Lifetime));
        Assert.Equal([new XdpAttachment(XdpMode.Generic, generic.ProgramId)], _network.Run(0, () => NetworkLinks.Get("near")).XdpAttachments);
    }

    /// <summary>A holder that is known by name says more than the kernel does.</summary>
    [KernelFact(KernelNeed.Bpf | KernelNeed.Tracefs)]
    public void Another_program_is_named_without_asking()
    {
        Add("", "");
        using var first = Register("near", AttachMode.Native);

        Assert.StartsWith("Cannot attach the XDP program to 'near': Device or resource busy (EBUSY). Program 'pass' ", Refused().Message, StringComparison.Ordinal);
    }

    [KernelTheory(KernelNeed.Bpf | KernelNeed.Tracefs)]
    [InlineData("umount -l /sys/kernel/tracing")]
    [InlineData("mount -o remount,bind,ro /sys/kernel/tracing")]
    [InlineData("mount -t tmpfs tmpfs /sys/kernel/tracing")]
    public void Without_the_trace_the_error_number_has_to_do(string command)
    {
        Add("mtu 9000", "");
        var refused = _network.Run(0, () =>
        {
            if (Libc.Unshare(CLONE_NEWNS) < 0)
            {
                throw new Win32Exception();
            }

            Mount("mount --make-rprivate /");
            Mount(command);
            return Assert.Throws<NativeException>(() => RegisterHere("near", AttachMode.Native));
        });

        Assert.StartsWith("Cannot attach the XDP program to 'near': Numerical result out of range (ERANGE). With an MTU of ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A program for fragments on the interface, attached by somebody else as far as the library knows.</summary>
    Stranger Foreign(bool byLink) => _network.Run(0, () => new Stranger(NetworkLinks.Get("near").Index, byLink));

    UserProgram TakeOver(ForeignProgram way, AttachMode mode) => _network.Run(0, () => UserProgram.Register(new UserProgramOptions
    {
        Interface = "near",
        File = ObjectFile.Read(FixtureObjects.Compile("pass")),
        ForeignProgram = way,
        Mode = mode,
    }));

    void Detach(uint programId) => _network.Run(0, () => XdpDetach.Detach(NetworkLinks.Get("near"), XdpMode.Native, programId));

    static void Mount(string command)
    {
        using var process = Process.Start("sh", ["-c", command]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    static UserProgram RegisterHere(string name, AttachMode mode) =>
        UserProgram.Register(new UserProgramOptions { Interface = name, File = ObjectFile.Read(FixtureObjects.Compile("pass")), Mode = mode });

    /// <summary>The program runs on <c>near</c>, and the driver goes by its peer.</summary>
    void Add(string peer, string near) => _network.Ip(0, $"link add name near {near} type veth peer name far {peer}");

    UserProgram Register(string name, AttachMode mode) => _network.Run(0, () => RegisterHere(name, mode));

    NativeException Refused(string name = "near", AttachMode mode = AttachMode.Native) => Assert.Throws<NativeException>(() => Register(name, mode));

    string NoticeOfGenericMode()
    {
        using var program = Register("near", AttachMode.Auto);
        Assert.Equal(XdpMode.Generic, program.Mode);
        return Assert.Single(program.Notices);
    }

    /// <summary>The same for the program that receives.</summary>
    string Receive(AttachMode mode) => _network.Run(0, () =>
    {
        using var receiver = Receiver.Register(new ReceiverOptions { Interface = "near", Mode = mode });
        return string.Join(' ', receiver.Notices);
    });

    sealed class Stranger : IDisposable
    {
        readonly LoadedUserProgram _program;
        readonly AttachedProgram? _attachment;

        internal Stranger(int interfaceIndex, bool byLink)
        {
            var file = ObjectFile.Read(FixtureObjects.Compile("many"));
            _program = LoadedUserProgram.Load(file, file.ChooseProgram("second"), new Dictionary<string, object?>(), isPrivate: true);
            if (byLink)
            {
                Assert.Equal(0, XdpLink.TryAttach(_program.Program, interfaceIndex, XdpFlags.DriverMode, out var link));
                _attachment = link;
            }
            else
            {
                var netlink = new NetlinkAttachment(interfaceIndex, XdpFlags.DriverMode, _program.Program.Descriptor.Duplicate("second"));
                Assert.Equal(0, netlink.TryAttach());
                _attachment = netlink;
            }
        }

        internal uint Id => _program.Program.Info.Id;

        public void Dispose()
        {
            _attachment?.Dispose();
            _program.Dispose();
        }
    }
}

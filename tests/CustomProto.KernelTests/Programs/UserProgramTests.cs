using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Fixtures;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.KernelTests.Programs;

/// <summary>Users' object files on a real interface.</summary>
[Collection(KernelSuite.Name)]
public sealed class UserProgramTests : IDisposable
{
    const string Interface = "veth1";
    const uint Transmit = 3;

    readonly TestNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(AttachMode.Native, XdpMode.Native)]
    [InlineData(AttachMode.Generic, XdpMode.Generic)]
    [InlineData(AttachMode.Auto, XdpMode.Native)]
    public void Program_is_attached_until_it_is_closed(AttachMode asked, XdpMode got)
    {
        using (var program = Register("pass", mode: asked))
        {
            Assert.Equal(("pass", Interface, got, ProgramLifetime.Process), (program.Name, program.Interface, program.Mode, program.Lifetime));
            Assert.Equal([new XdpAttachment(got, program.ProgramId)], Attached());
            Assert.Same(program, UserPrograms.Find(program.ProgramId));
            Assert.Empty(program.Notices);
        }

        Assert.Empty(Attached());
        Assert.Empty(UserPrograms.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Closing_all_detaches_all()
    {
        using var one = Register("pass");
        UserPrograms.CloseAll();

        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Variables_reach_the_program()
    {
        var file = ObjectFile.Read(FixtureObjects.Compile("variables"));
        using var loading = BpfObject.Open("variables", file.Contents.Bytes);
        VariableAssignment.Apply(
            file,
            loading.InitialValue,
            new Dictionary<string, object?>
            {
                ["u8_value"] = 200,
                ["s8_value"] = -100,
                ["port"] = 9000,
                ["s16_value"] = -30000,
                ["u32_value"] = 4000000000,
                ["s32_value"] = -2000000000,
                ["u64_value"] = ulong.MaxValue,
                ["s64_value"] = long.MinValue,
                ["enabled"] = true,
                ["verdict"] = "VERDICT_TX",
                ["wide"] = "WIDE_NEGATIVE",
                ["ports"] = new ushort[] { 80, 443, 8080, 65535 },
                ["limits.rate"] = 123,
                ["limits.burst"] = 45,
                ["limits.strict"] = true,
                ["limits.range.low"] = -7,
                ["limits.kinds"] = new byte[] { 9, 8, 7, 6 },
                ["custom"] = 55,
                ["hidden_in_file"] = 33,
                ["counter"] = 1000,
                ["zeros"] = (int[])[0, 11],
                ["name"] = "kitten",
                ["mac"] = new byte[] { 2, 0, 0, 0, 0, 5 },
            },
            []);
        loading.Load("look");
        using var program = loading.TakeProgram("look");
        using var map = loading.TakeMap("seen");

        Assert.Equal(Transmit, program.TestRun(new byte[64], []).Verdict);

        var seen = MemoryMarshal.Cast<byte, long>(map.ReadValue());
        Assert.Equal(
            [
                200, -100, 9000, -30000, 4000000000, -2000000000, -1, long.MinValue, 1, 3, -5, 80, 65535, 123, 45, 1, -7, 1, 8, 55, 33, 1000, 11, 77,
            ],
            seen[..24].ToArray());
        Assert.Equal("kitten\0\0\u0002\0\0\0\0\u0005"u8, MemoryMarshal.AsBytes(seen[24..])[..14]);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Variables_that_are_not_set_keep_their_values()
    {
        var file = ObjectFile.Read(FixtureObjects.Compile("variables"));
        using var unset = TestUserProgram.Load(file);
        Assert.Equal(XdpVerdict.Pass, unset.Run(new byte[64]).Verdict);

        using var set = TestUserProgram.Load(file, variables: new Dictionary<string, object?> { ["verdict"] = 1 });
        Assert.Equal(XdpVerdict.Drop, set.Run(new byte[64]).Verdict);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("first")]
    [InlineData("second")]
    [InlineData("tail")]
    public void One_of_several_programs_is_chosen_by_name(string name)
    {
        using var program = Register("many", name, variables: new() { ["limit"] = 7 });

        Assert.Equal(name, program.Name);
        Assert.Equal([name], _network.Run(TestNetwork.Right, () => ProgramInventory.List([NetworkLinks.Get(Interface)])).Select(found => found.Name));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Refusal_of_the_verifier_says_why_and_at_which_source_line()
    {
        var refused = Assert.Throws<NativeException>(() => Register("refused"));

        Assert.Equal((FailureKind.InvalidData, "LoadProgramFailed", "EACCES"), (refused.Kind, refused.ErrorId, refused.ErrnoName));
        Assert.StartsWith(
            "Cannot load the BPF program 'careless' into the kernel: Permission denied (EACCES): invalid access to packet, off=13 size=1, ",
            refused.Message,
            StringComparison.Ordinal);
        Assert.Contains("R1 offset is outside of the packet", refused.Message, StringComparison.Ordinal);
        Assert.Contains("if (data[13] == 6)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("1: (71) r1 = *(u8 *)(r1 +13)", refused.Log, StringComparison.Ordinal);
        Assert.Contains("processed 2 insns", refused.Log, StringComparison.Ordinal);
        Assert.Empty(Attached());
        Assert.Empty(UserPrograms.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Wrong_map_is_named()
    {
        var refused = Assert.Throws<NativeException>(() => Register("maps"));

        Assert.Contains("map 'empty': failed to create: Invalid argument", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Its definition is wrong: the type, the sizes of key and value, or the number of entries.", refused.Message, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Verifying_attaches_nothing()
    {
        var verified = Verify("pass");
        Assert.Equal(("pass", 2), (verified.Name, verified.Instructions));
        Assert.Empty(verified.Notices);
        Assert.Throws<NativeException>(() => Verify("refused"));
        Assert.Empty(Attached());

        static VerificationReport Verify(string name)
        {
            using var copy = TestUserProgram.Load(ObjectFile.Read(FixtureObjects.Compile(name)));
            return copy.Verification;
        }
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Large_packets_need_a_program_for_fragments_and_the_failure_says_so()
    {
        using var network = new TestNetwork(mtu: 9000);
        var refused = Assert.Throws<NativeException>(() => Register("pass", mode: AttachMode.Native, network: network));
        Assert.Equal("ERANGE", refused.ErrnoName);
        Assert.Contains("With an MTU of 9000 bytes the driver takes only a program for fragments: declare it SEC(\"xdp.frags\")", refused.Message, StringComparison.Ordinal);

        using (var generic = Register("pass", network: network))
        {
            Assert.Equal(XdpMode.Generic, generic.Mode);
            Assert.Contains("declare it SEC(\"xdp.frags\")", Assert.Single(generic.Notices), StringComparison.Ordinal);
        }

        using var native = Register("many", "second", AttachMode.Native, network: network);
        Assert.Equal(XdpMode.Native, native.Mode);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Loopback_falls_back_to_generic_mode_and_says_why()
    {
        using var program = _network.Run(TestNetwork.Right, () => UserProgram.Register(new UserProgramOptions { Interface = "lo", File = ObjectFile.Read(FixtureObjects.Compile("pass")) }));
        Assert.Equal(XdpMode.Generic, program.Mode);
        Assert.Contains("the loopback device has no native mode.", Assert.Single(program.Notices), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Second_program_is_refused_by_name_and_leaves_the_first_alone()
    {
        using var first = Register("pass");
        var refused = Assert.Throws<NativeException>(() => Register("many", "second"));

        Assert.Equal((FailureKind.Busy, "EBUSY"), (refused.Kind, refused.ErrnoName));
        Assert.Contains($"Program 'pass' (id {first.ProgramId}, attached by a BPF link) is attached there in native mode", refused.Message, StringComparison.Ordinal);
        Assert.Equal([first], UserPrograms.All);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_with_a_call_leaves_nothing_attached()
    {
        Assert.Equal("VariableNotFound", Assert.Throws<CustomProtoException>(() => Register("variables", variables: new() { ["nothing"] = 1 })).ErrorId);
        Assert.Equal("ObjectProgramNotFound", Assert.Throws<CustomProtoException>(() => Register("many", "nothing")).ErrorId);
        Assert.Equal("InterfaceNotFound", Assert.Throws<CustomProtoException>(() => UserProgram.Register(new UserProgramOptions { Interface = "nosuch0", File = ObjectFile.Read(FixtureObjects.Compile("pass")) })).ErrorId);
        Assert.Empty(Attached());
    }

    IReadOnlyList<XdpAttachment> Attached() => _network.Run(TestNetwork.Right, () => NetworkLinks.Get(Interface)).XdpAttachments;

    UserProgram Register(
        string file, string? name = null, AttachMode mode = AttachMode.Auto, Dictionary<string, object?>? variables = null, TestNetwork? network = null) =>
        (network ?? _network).Run(TestNetwork.Right, () => UserProgram.Register(new UserProgramOptions
        {
            Interface = Interface,
            File = ObjectFile.Read(FixtureObjects.Compile(file)),
            ProgramName = name,
            Mode = mode,
            Variables = variables ?? [],
        }));
}
